/** Views on every kind of buffer. Types of TypeScript 5.9 and Node 20 know resizable ones only in part. */

interface Resizable extends ArrayBuffer {
  resize(bytes: number): void;
}

interface Growable extends ArrayBuffer {
  grow(bytes: number): void;
}

type Make<T> = new (bytes: number, options: { maxByteLength: number }) => T;

export const ResizableBuffer = ArrayBuffer as unknown as Make<Resizable>;
export const GrowableBuffer = SharedArrayBuffer as unknown as Make<Growable>;

type View = Float32Array | Int32Array;
export type MakeView<T extends View> = new (
  buffer: ArrayBuffer,
  offset?: number,
  length?: number,
) => T;

/** How to make a view of `length` zeros, by what is under it. */
export const BUFFERS: [name: string, make: <T extends View>(type: MakeView<T>, n: number) => T][] =
  [
    ["a buffer of its own", (type, n) => new type(new ArrayBuffer(4 * n))],
    ["an offset", (type, n) => new type(new ArrayBuffer(4 * n + 24), 20, n)],
    ["a SharedArrayBuffer", (type, n) => new type(new SharedArrayBuffer(4 * n) as never)],
    [
      "an offset into a SharedArrayBuffer",
      (type, n) => new type(new SharedArrayBuffer(4 * n + 24) as never, 4, n),
    ],
    [
      "a resizable buffer",
      (type, n) => new type(new ResizableBuffer(4 * n, { maxByteLength: 8 * n })),
    ],
    [
      "a growable SharedArrayBuffer, grown",
      (type, n) => {
        const buffer = new GrowableBuffer(4, { maxByteLength: 4 * n });
        const view = new type(buffer);
        buffer.grow(4 * n);
        return view;
      },
    ],
    [
      "a length-tracking view with an offset, grown",
      (type, n) => {
        const buffer = new ResizableBuffer(4, { maxByteLength: 4 * n + 40 });
        const view = new type(buffer, 4);
        buffer.resize(4 * n + 4);
        return view;
      },
    ],
    [
      "a length-tracking view, shrunk",
      (type, n) => {
        const buffer = new ResizableBuffer(4 * n + 40, { maxByteLength: 4 * n + 40 });
        const view = new type(buffer);
        buffer.resize(4 * n);
        return view;
      },
    ],
  ];
