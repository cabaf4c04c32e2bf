// Runs the calls with the feature `browser` of the module that the first argument names, as two pages would.
//
// This is what wasm-bindgen's generator would write for the few functions that the module imports; a fresh machine
// would need a minute to build the generator. Cargo.lock holds the version whose conventions these are.
import { readFile } from "node:fs/promises";

const LONGEST = 2 ** 31 - 1;
const module = await WebAssembly.compile(await readFile(process.argv[2]));

function load() {
    let exports;
    const values = new Map(), timers = new Set(), delays = [];
    let described = [], last = 4096;
    const keep = (value) => (values.set(++last, value), last);
    const bytes = (start, length) => new Uint8Array(exports.memory.buffer, start, length);
    const words = (start) => new Uint32Array(exports.memory.buffer, start, 2);
    const page = {
        __wbindgen_describe: (word) => { described.push(word); },
        // The one cast is that of a closure, described as 0, FUNCTION, 0, 1, CLOSURE, owned, mutable, FUNCTION, shim.
        __wbindgen_describe_generic_import(_, parts) {
            const shim = exports.__indirect_function_table.get(described[8]);
            const [data, vtable] = words(parts);
            described = [];
            words(parts)[0] = keep(() => shim(data, vtable));
            return parts;
        },
        setTimeout(closure, delay) {
            delays.push(delay);
            const timer = setTimeout(() => { timers.delete(timer); values.get(closure)(); }, delay);
            timers.add(timer);
            return keep(timer);
        },
        clearTimeout(timer) {
            clearTimeout(values.get(timer));
            timers.delete(values.get(timer));
            return timer;
        },
        static_accessor_GLOBAL_THIS: () => keep(globalThis),
        static_accessor_GLOBAL: () => 0,
        static_accessor_SELF: () => 0,
        static_accessor_WINDOW: () => 0,
        performance: (of) => keep(values.get(of).performance),
        now: (of) => values.get(of).now(),
        getRandomValues: (start, length) => { crypto.getRandomValues(bytes(start, length)); },
        __wbindgen_is_undefined: (value) => Number(values.get(value) === undefined),
        __wbindgen_object_clone_ref: (value) => keep(values.get(value)),
        __wbindgen_object_drop_ref: (value) => { values.delete(value); },
        _wbg_cb_unref() {},
        __wbindgen_externref_statics_end: () => 4096,
        __wbindgen_throw(start, length) { throw new Error(new TextDecoder().decode(bytes(start, length))); },
    };
    const imports = {};
    for (const { module: from, name } of WebAssembly.Module.imports(module)) {
        const plain = name.replace(/^__wbg_(.*)_[0-9a-f]{16}$/, "$1");
        imports[from] ??= {};
        imports[from][name] = page[plain] ?? (() => { throw new Error(`the module calls ${name}`); });
    }
    ({ exports } = new WebAssembly.Instance(module, imports));
    return { exports, timers, delays };
}

const { exports, timers, delays } = load();
const failed = exports.run();
if (failed) throw new Error(`check ${failed} of ci/wasm/src/lib.rs fails in a page`);
for (let number = 1; exports.start(number); number++) {
    let state;
    while (!(state = exports.poll()) && !delays.includes(LONGEST)) await new Promise(setImmediate);
    if (state === 2) throw new Error(`check ${number} of ci/wasm/src/browser.rs fails`);
}
if (!delays.includes(LONGEST)) throw new Error("no wait is longer than a timer");
if (delays.some((delay) => delay < 1 || delay > LONGEST)) throw new Error(`timers of ${delays} ms`);
if (timers.size) throw new Error(`${timers.size} timers are left of calls that have ended`);
const draws = [load(), load()].flatMap(({ exports }) => [exports.draw(), exports.draw()]);
if (new Set(draws).size < draws.length) throw new Error(`two pages draw ${draws}`);
