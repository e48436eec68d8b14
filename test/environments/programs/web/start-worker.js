const worker = new Worker("worker.js", { type: "module" });
worker.onmessage = ({ data }) => {
  globalThis.reports = data;
};
worker.onerror = ({ message }) => {
  throw new Error(message);
};
