// Calls `run` of the module that the first argument names, and fails where it traps or a check fails.
import { readFile } from "node:fs/promises";

const { instance } = await WebAssembly.instantiate(await readFile(process.argv[2]));
const failed = instance.exports.run();
if (failed) throw new Error(`check ${failed} of ci/wasm/src/lib.rs fails`);
