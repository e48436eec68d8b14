// Compiled here, once; a worker is sent the module.
const wasm = new URL("../node_modules/gumbel/dist/gumbel.wasm", import.meta.url);
const worker = new Worker("slim-worker.js", { type: "module" });
worker.onmessage = ({ data }) => {
  globalThis.reports = data;
};
worker.onerror = ({ message }) => {
  throw new Error(message);
};
worker.postMessage(await WebAssembly.compileStreaming(fetch(wasm)));
