/** tsup embeds the file as text (loader "base64"); vitest does the same through the plugin in its configuration. */
declare module "*.wasm" {
  const base64: string;
  export default base64;
}
