/** Under the `workerd` condition a file of WebAssembly is imported compiled. */
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
