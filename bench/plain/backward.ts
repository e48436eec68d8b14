/** y ⊙ (v − ⟨y, v⟩) / tau of each row. */
export function softmaxBackward(
  y: Float32Array,
  v: Float32Array,
  classes: number,
  tau: number,
  out: Float32Array,
): void {
  const rate = 1 / tau;
  for (let start = 0; start < y.length; start += classes) {
    const end = start + classes;
    let dot = 0;
    for (let i = start; i < end; i++) dot += y[i] * v[i];
    for (let i = start; i < end; i++) out[i] = y[i] * (v[i] - dot) * rate;
  }
}
