import "./main.js";

postMessage(globalThis.reports);
