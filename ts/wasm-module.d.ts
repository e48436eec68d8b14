/** tsup embeds the file (loader "binary"); vitest does the same through the plugin in its configuration. */
declare module "*.wasm" {
  const bytes: Uint8Array<ArrayBuffer>;
  export default bytes;
}
