// What a page hands to the slim entry.
import { init, initSync } from "gumbel/slim";

export async function load(url: URL, response: Response, module: WebAssembly.Module) {
  await init(url);
  await init(response);
  await init(fetch(url));
  await init(WebAssembly.compile(new ArrayBuffer(8)));
  return initSync(module);
}
