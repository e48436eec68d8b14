/* @ts-self-types="./gumbel.d.ts" */

/**
 * Relaxed Bernoulli variables at the τ of each row: the soft sample, its logit and the outcome, each where it is wanted.
 * Scratch: a row.
 *
 * # Safety
 * See the module.
 * @param {number} params
 * @param {number} rows
 * @param {number} classes
 * @param {number} x
 * @param {number} noise
 * @param {number} scratch
 * @param {number} soft
 * @param {number} logit
 * @param {number} hard
 * @param {number} flags
 * @returns {number}
 */
export function binary_concrete(params, rows, classes, x, noise, scratch, soft, logit, hard, flags) {
    const ret = wasm.binary_concrete(params, rows, classes, x, noise, scratch, soft, logit, hard, flags);
    return ret >>> 0;
}

/**
 * Draws by inverse CDF: of the `draws` of a row those from `made` on, `count` of them. `made` isn't 0 for the later
 * slices of one row's draws alone; between these, scratch stays as it is, and nothing else is drawn.
 *
 * Scratch: ⌈classes/256⌉ + 1 doubles up to the next 16 bytes, then two rows, and a third for weights.
 *
 * # Safety
 * See the module.
 * @param {number} params
 * @param {number} rows
 * @param {number} classes
 * @param {number} x
 * @param {number} scratch
 * @param {number} draws
 * @param {number} made
 * @param {number} count
 * @param {number} out
 * @param {number} log_prob
 * @param {number} log_z
 * @param {number} entropy
 * @param {number} flags
 * @returns {number}
 */
export function categorical(params, rows, classes, x, scratch, draws, made, count, out, log_prob, log_z, entropy, flags) {
    const ret = wasm.categorical(params, rows, classes, x, scratch, draws, made, count, out, log_prob, log_z, entropy, flags);
    return ret >>> 0;
}

/**
 * Half-precision numbers, `count` of them, as float32: float16 where `is_bfloat` is 0.
 *
 * # Safety
 * `halves` points to `count` numbers of 16 bits, `out` to room for as many of 32.
 * @param {number} halves
 * @param {number} count
 * @param {number} out
 * @param {number} is_bfloat
 */
export function decode(halves, count, out, is_bfloat) {
    wasm.decode(halves, count, out, is_bfloat);
}

/**
 * Draws from a law that is kept, from the first draw of `params` on.
 *
 * # Safety
 * See the module.
 * @param {number} params
 * @param {number} classes
 * @param {number} law
 * @param {number} entries
 * @param {number} draws
 * @param {number} out
 */
export function draw_law(params, classes, law, entries, draws, out) {
    wasm.draw_law(params, classes, law, entries, draws, out);
}

/**
 * Filters the logits of each row where they are, by a program of `steps` steps, each with a value in every row; draws
 * from what is left where `index` isn't null. Scratch: as for `categorical`, with three rows and 2·[`tokens::SPARE`]
 * values more.
 *
 * # Safety
 * See the module.
 * @param {number} params
 * @param {number} rows
 * @param {number} classes
 * @param {number} x
 * @param {number} scratch
 * @param {number} program
 * @param {number} values
 * @param {number} steps
 * @param {number} index
 * @param {number} flags
 * @returns {number}
 */
export function filter_tokens(params, rows, classes, x, scratch, program, values, steps, index, flags) {
    const ret = wasm.filter_tokens(params, rows, classes, x, scratch, program, values, steps, index, flags);
    return ret >>> 0;
}

/**
 * Gumbel variables with the maximum of each row, `max`, at a temperature of 1.
 *
 * # Safety
 * See the module; `max` has one value a row. Scratch: a row for weights.
 * @param {number} params
 * @param {number} rows
 * @param {number} classes
 * @param {number} x
 * @param {number} noise
 * @param {number} scratch
 * @param {number} max
 * @param {number} out
 * @param {number} flags
 * @returns {number}
 */
export function gumbel_given_max(params, rows, classes, x, noise, scratch, max, out, flags) {
    const ret = wasm.gumbel_given_max(params, rows, classes, x, noise, scratch, max, out, flags);
    return ret >>> 0;
}

/**
 * Gumbel-Max: the index of each row at its temperature, as number or one-hot row, each where its pointer isn't null.
 * Scratch: a row for weights.
 *
 * # Safety
 * See the module.
 * @param {number} params
 * @param {number} rows
 * @param {number} classes
 * @param {number} x
 * @param {number} noise
 * @param {number} scratch
 * @param {number} sample
 * @param {number} index
 * @param {number} log_prob
 * @param {number} log_z
 * @param {number} entropy
 * @param {number} flags
 * @returns {number}
 */
export function gumbel_max(params, rows, classes, x, noise, scratch, sample, index, log_prob, log_z, entropy, flags) {
    const ret = wasm.gumbel_max(params, rows, classes, x, noise, scratch, sample, index, log_prob, log_z, entropy, flags);
    return ret >>> 0;
}

/**
 * Gumbel-Max of a part of each row, from the column in its record on. `max` is the largest logit of the whole row,
 * or NaN where that isn't known; `index` the column that leads now, in the part, or −1 for an earlier one.
 *
 * # Safety
 * See the module; `before` and `after` have a [`Leader`] a row.
 * @param {number} params
 * @param {number} rows
 * @param {number} classes
 * @param {number} x
 * @param {number} max
 * @param {number} before
 * @param {number} after
 * @param {number} index
 * @param {number} flags
 * @returns {number}
 */
export function gumbel_max_part(params, rows, classes, x, max, before, after, index, flags) {
    const ret = wasm.gumbel_max_part(params, rows, classes, x, max, before, after, index, flags);
    return ret >>> 0;
}

/**
 * The gradient of Gumbel-Rao by the input: of the soft sample at the τ of each row, averaged over replicas of the noise
 * given the class `index` of each row. NaN in a row that is invalid or has the index −1.
 * Scratch: three rows, for weights four.
 *
 * # Safety
 * See the module; `index` has one value a row.
 * @param {number} params
 * @param {number} rows
 * @param {number} classes
 * @param {number} x
 * @param {number} index
 * @param {number} v
 * @param {number} replicas
 * @param {number} scratch
 * @param {number} out
 * @param {number} flags
 */
export function gumbel_rao(params, rows, classes, x, index, v, replicas, scratch, out, flags) {
    wasm.gumbel_rao(params, rows, classes, x, index, v, replicas, scratch, out, flags);
}

/**
 * Gumbel-Softmax for the backward pass: the soft sample at the τ of each row, its index, and where `sample` isn't
 * null the one-hot row of that index. Scratch: a row for weights, none for logits.
 *
 * # Safety
 * See the module.
 * @param {number} params
 * @param {number} rows
 * @param {number} classes
 * @param {number} x
 * @param {number} noise
 * @param {number} scratch
 * @param {number} soft
 * @param {number} sample
 * @param {number} index
 * @param {number} flags
 * @returns {number}
 */
export function gumbel_softmax(params, rows, classes, x, noise, scratch, soft, sample, index, flags) {
    const ret = wasm.gumbel_softmax(params, rows, classes, x, noise, scratch, soft, sample, index, flags);
    return ret >>> 0;
}

/**
 * The tangent of a soft sample `y` along a tangent of the input and one of τ, each where its pointer isn't null.
 * Scratch: a row, and for τ a second.
 *
 * # Safety
 * See the module.
 * @param {number} params
 * @param {number} rows
 * @param {number} classes
 * @param {number} x
 * @param {number} noise
 * @param {number} y
 * @param {number} input_tangent
 * @param {number} tau_tangent
 * @param {number} scratch
 * @param {number} out
 * @param {number} flags
 */
export function gumbel_softmax_jvp(params, rows, classes, x, noise, y, input_tangent, tau_tangent, scratch, out, flags) {
    wasm.gumbel_softmax_jvp(params, rows, classes, x, noise, y, input_tangent, tau_tangent, scratch, out, flags);
}

/**
 * The gradient of a soft sample `y` by its input, and by τ where `by_tau` isn't null. `x` is read for weights and
 * for τ, noise for τ. Scratch: for τ a row, and a second for weights.
 *
 * # Safety
 * See the module.
 * @param {number} params
 * @param {number} rows
 * @param {number} classes
 * @param {number} x
 * @param {number} noise
 * @param {number} y
 * @param {number} v
 * @param {number} scratch
 * @param {number} out
 * @param {number} by_tau
 * @param {number} flags
 */
export function gumbel_softmax_vjp(params, rows, classes, x, noise, y, v, scratch, out, by_tau, flags) {
    wasm.gumbel_softmax_vjp(params, rows, classes, x, noise, y, v, scratch, out, by_tau, flags);
}

/**
 * Gumbel-top-k: the `k` best classes of each row, with their perturbed log-probabilities and their log-probabilities.
 *
 * # Safety
 * See the module; `index`, `score` and `log_prob` have `k` values a row. Scratch: a row, for weights two.
 * @param {number} params
 * @param {number} rows
 * @param {number} classes
 * @param {number} x
 * @param {number} noise
 * @param {number} scratch
 * @param {number} k
 * @param {number} index
 * @param {number} score
 * @param {number} log_prob
 * @param {number} flags
 * @returns {number}
 */
export function gumbel_top_k(params, rows, classes, x, noise, scratch, k, index, score, log_prob, flags) {
    const ret = wasm.gumbel_top_k(params, rows, classes, x, noise, scratch, k, index, score, log_prob, flags);
    return ret >>> 0;
}

/**
 * The logarithm of the soft sample at the τ of each row. Scratch: a row for weights, none for logits.
 *
 * # Safety
 * See the module.
 * @param {number} params
 * @param {number} rows
 * @param {number} classes
 * @param {number} x
 * @param {number} noise
 * @param {number} scratch
 * @param {number} out
 * @param {number} flags
 * @returns {number}
 */
export function log_gumbel_softmax(params, rows, classes, x, noise, scratch, out, flags) {
    const ret = wasm.log_gumbel_softmax(params, rows, classes, x, noise, scratch, out, flags);
    return ret >>> 0;
}

/**
 * Log-softmax at the temperature of each row.
 *
 * # Safety
 * See the module.
 * @param {number} params
 * @param {number} rows
 * @param {number} classes
 * @param {number} x
 * @param {number} out
 * @param {number} flags
 * @returns {number}
 */
export function log_softmax(params, rows, classes, x, out, flags) {
    const ret = wasm.log_softmax(params, rows, classes, x, out, flags);
    return ret >>> 0;
}

/**
 * Tangent of log-softmax from its value.
 *
 * # Safety
 * See the module.
 * @param {number} rows
 * @param {number} classes
 * @param {number} value
 * @param {number} tangent
 * @param {number} out
 */
export function log_softmax_jvp(rows, classes, value, tangent, out) {
    wasm.log_softmax_jvp(rows, classes, value, tangent, out);
}

/**
 * Gradient of log-softmax from its value.
 *
 * # Safety
 * See the module.
 * @param {number} rows
 * @param {number} classes
 * @param {number} value
 * @param {number} v
 * @param {number} out
 */
export function log_softmax_vjp(rows, classes, value, v, out) {
    wasm.log_softmax_vjp(rows, classes, value, v, out);
}

/**
 * Log-sum-exp, one value a row.
 *
 * # Safety
 * See the module.
 * @param {number} rows
 * @param {number} classes
 * @param {number} x
 * @param {number} out
 * @param {number} flags
 * @returns {number}
 */
export function log_sum_exp(rows, classes, x, out, flags) {
    const ret = wasm.log_sum_exp(rows, classes, x, out, flags);
    return ret >>> 0;
}

/**
 * Tangent of log-sum-exp, one value a row. An invalid row gives NaN. Scratch: a row.
 *
 * # Safety
 * See the module.
 * @param {number} rows
 * @param {number} classes
 * @param {number} x
 * @param {number} tangent
 * @param {number} scratch
 * @param {number} out
 */
export function log_sum_exp_jvp(rows, classes, x, tangent, scratch, out) {
    wasm.log_sum_exp_jvp(rows, classes, x, tangent, scratch, out);
}

/**
 * Gradient of log-sum-exp; `v` has one value a row. An invalid row gives NaN.
 *
 * # Safety
 * See the module.
 * @param {number} rows
 * @param {number} classes
 * @param {number} x
 * @param {number} v
 * @param {number} out
 */
export function log_sum_exp_vjp(rows, classes, x, v, out) {
    wasm.log_sum_exp_vjp(rows, classes, x, v, out);
}

/**
 * Works out a law that is kept, of logits that lie where its words will, or of weights where its weights will. Returns
 * 1, or 0 where it is none.
 *
 * # Safety
 * See the module.
 * @param {number} params
 * @param {number} classes
 * @param {number} law
 * @param {number} entries
 * @param {number} flags
 * @returns {number}
 */
export function make_law(params, classes, law, entries, flags) {
    const ret = wasm.make_law(params, classes, law, entries, flags);
    return ret >>> 0;
}

/**
 * Gumbel noise, for the purpose of this number (0, 4, 6 or 8).
 *
 * # Safety
 * See the module.
 * @param {number} params
 * @param {number} rows
 * @param {number} classes
 * @param {number} purpose
 * @param {number} out
 */
export function noise(params, rows, classes, purpose, out) {
    wasm.noise(params, rows, classes, purpose, out);
}

/**
 * Packs masks of `classes` bytes a row into bits, from row to row in whole words.
 *
 * # Safety
 * `bytes` points to `rows` × `classes` of them, `bits` to room for `rows` × ⌈`classes`/32⌉ words.
 * @param {number} rows
 * @param {number} classes
 * @param {number} bytes
 * @param {number} bits
 */
export function pack_mask(rows, classes, bytes, bits) {
    wasm.pack_mask(rows, classes, bytes, bits);
}

/**
 * Fills the table of cubics. To be called once, before anything else.
 */
export function prepare() {
    wasm.prepare();
}

/**
 * Adds a bias to the rows of a batch and masks classes, each where its pointer isn't null; from row to row it is so many
 * values farther, 0 where one is for all.
 *
 * # Safety
 * See the module.
 * @param {number} rows
 * @param {number} classes
 * @param {number} x
 * @param {number} bias
 * @param {number} bias_step
 * @param {number} mask
 * @param {number} mask_step
 * @param {number} flags
 */
export function restrict(rows, classes, x, bias, bias_step, mask, mask_step, flags) {
    wasm.restrict(rows, classes, x, bias, bias_step, mask, mask_step, flags);
}

/**
 * Softmax at the temperature of each row.
 *
 * # Safety
 * See the module.
 * @param {number} params
 * @param {number} rows
 * @param {number} classes
 * @param {number} x
 * @param {number} out
 * @param {number} flags
 * @returns {number}
 */
export function softmax(params, rows, classes, x, out, flags) {
    const ret = wasm.softmax(params, rows, classes, x, out, flags);
    return ret >>> 0;
}

/**
 * `out = scale · y ⊙ (v − ⟨y, v⟩)` with the scale of each row.
 *
 * # Safety
 * See the module.
 * @param {number} params
 * @param {number} rows
 * @param {number} classes
 * @param {number} y
 * @param {number} v
 * @param {number} out
 */
export function softmax_backward(params, rows, classes, y, v, out) {
    wasm.softmax_backward(params, rows, classes, y, v, out);
}
function __wbg_get_imports() {
    const import0 = {
        __proto__: null,
    };
    return {
        __proto__: null,
        "./gumbel_bg.js": import0,
    };
}

let wasmModule, wasmInstance, wasm;
function __wbg_finalize_init(instance, module) {
    wasmInstance = instance;
    wasm = instance.exports;
    wasmModule = module;
    return wasm;
}

async function __wbg_load(module, imports) {
    if (typeof Response === 'function' && module instanceof Response) {
        if (typeof WebAssembly.instantiateStreaming === 'function') {
            try {
                return await WebAssembly.instantiateStreaming(module, imports);
            } catch (e) {
                const validResponse = module.ok && expectedResponseType(module.type);

                if (validResponse && module.headers.get('Content-Type') !== 'application/wasm') {
                    console.warn("`WebAssembly.instantiateStreaming` failed because your server does not serve Wasm with `application/wasm` MIME type. Falling back to `WebAssembly.instantiate` which is slower. Original error:\n", e);

                } else { throw e; }
            }
        }

        const bytes = await module.arrayBuffer();
        return await WebAssembly.instantiate(bytes, imports);
    } else {
        const instance = await WebAssembly.instantiate(module, imports);

        if (instance instanceof WebAssembly.Instance) {
            return { instance, module };
        } else {
            return instance;
        }
    }

    function expectedResponseType(type) {
        switch (type) {
            case 'basic': case 'cors': case 'default': return true;
        }
        return false;
    }
}

function initSync(module) {
    if (wasm !== undefined) return wasm;


    if (module !== undefined) {
        if (Object.getPrototypeOf(module) === Object.prototype) {
            ({module} = module)
        } else {
            console.warn('using deprecated parameters for `initSync()`; pass a single object instead')
        }
    }

    const imports = __wbg_get_imports();
    if (!(module instanceof WebAssembly.Module)) {
        module = new WebAssembly.Module(module);
    }
    const instance = new WebAssembly.Instance(module, imports);
    return __wbg_finalize_init(instance, module);
}

async function __wbg_init(module_or_path) {
    if (wasm !== undefined) return wasm;


    if (module_or_path !== undefined) {
        if (Object.getPrototypeOf(module_or_path) === Object.prototype) {
            ({module_or_path} = module_or_path)
        } else {
            console.warn('using deprecated parameters for the initialization function; pass a single object instead')
        }
    }

    if (module_or_path === undefined) {
        module_or_path = new URL('gumbel_bg.wasm', import.meta.url);
    }
    const imports = __wbg_get_imports();

    if (typeof module_or_path === 'string' || (typeof Request === 'function' && module_or_path instanceof Request) || (typeof URL === 'function' && module_or_path instanceof URL)) {
        module_or_path = fetch(module_or_path);
    }

    const { instance, module } = await __wbg_load(await module_or_path, imports);

    return __wbg_finalize_init(instance, module);
}

export { initSync, __wbg_init as default };
