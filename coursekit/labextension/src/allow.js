// Which notebooks may run by themselves: those that the course handed out, unchanged.

/** SHA-256 of a text as hexadecimal. The browser's own is missing on plain http, as in a hall's network. */
function sha256(text) {
  const primes = [];
  for (let n = 2; primes.length < 64; n += 1) if (primes.every((p) => n % p)) primes.push(n);
  const fraction = (x) => ((x - Math.floor(x)) * 2 ** 32) | 0;
  const k = primes.map((p) => fraction(Math.cbrt(p)));
  const hash = primes.slice(0, 8).map((p) => fraction(Math.sqrt(p)));
  const bytes = new TextEncoder().encode(text);
  const padded = new Uint8Array((((bytes.length + 8) >> 6) + 1) << 6);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29));
  view.setUint32(padded.length - 4, bytes.length << 3);
  const turn = (x, n) => (x >>> n) | (x << (32 - n));
  const w = new Int32Array(64);
  for (let start = 0; start < padded.length; start += 64) {
    for (let i = 0; i < 16; i += 1) w[i] = view.getInt32(start + 4 * i);
    for (let i = 16; i < 64; i += 1) {
      const s0 = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ (w[i - 15] >>> 3);
      const s1 = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ (w[i - 2] >>> 10);
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    let [a, b, c, d, e, f, g, last] = hash;
    for (let i = 0; i < 64; i += 1) {
      const t1 = (last + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + k[i] + w[i]) | 0;
      const t2 = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [last, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
    }
    [a, b, c, d, e, f, g, last].forEach((value, i) => { hash[i] = (hash[i] + value) | 0; });
  }
  return hash.map((value) => (value >>> 0).toString(16).padStart(8, "0")).join("");
}

const marksOf = (cell) => cell.getMetadata("nbgrader") ?? {};
const isLockedCode = (cell) => cell.type === "code" && marksOf(cell).locked === true;

/** The fingerprint of a notebook's locked code cells: name and source in order, as the server takes it at release. */
const fingerprint = (model) =>
  sha256([...model.cells].filter(isLockedCode).flatMap((cell) => [marksOf(cell).grade_id, cell.sharedModel.getSource()]).join("\n"));

/** What an exercise notebook is to this course: "ours", "changed" or "stranger"; raises when the course cannot be asked. */
async function standing(path, model) {
  const { notebooks } = await call("allowed");
  if (!Object.hasOwn(notebooks, path)) return "stranger";
  return notebooks[path] === fingerprint(model) ? "ours" : "changed";
}

const REFUSALS = {
  stranger: "这份笔记本不是本课程发放的，为了安全不会自动运行。课程练习请从“课程首页”打开。",
  changed: "这份笔记本和教师发放的不一样，为了安全不会自动运行；已保存的作答不受影响。请在“课程首页”重新领取，或告诉教师。",
};
