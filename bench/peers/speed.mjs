// ONNX Runtime as `netsuke bench --serve` is ours: loads a model, says what it is, then reads a number from each
// line of standard input, runs the model so often, and answers with a line of the times, by the clock and of the
// processor:
//
//   node speed.mjs MODEL.onnx INPUT.bin THREADS
//
// INPUT.bin is float32, little-endian, in the order the network takes it (NCHW).

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import ort from "onnxruntime-node";

const [modelPath, inputPath, threads] = process.argv.slice(2);
if (!threads) {
  console.error("usage: node speed.mjs MODEL.onnx INPUT.bin THREADS");
  process.exit(2);
}

const start = performance.now();
const session = await ort.InferenceSession.create(modelPath, {
  executionMode: "sequential",
  graphOptimizationLevel: "all",
  interOpNumThreads: 1,
  intraOpNumThreads: Number(threads),
  logSeverityLevel: 3,
});
const load = performance.now() - start;

const input = session.inputMetadata[0];
const shape = input.shape.map((size) => (typeof size === "number" && size > 0 ? size : 1));
const values = new Float32Array(new Uint8Array(readFileSync(inputPath)).buffer);
const feeds = { [input.name]: new ort.Tensor("float32", values, shape) };

async function run() {
  const cpuBefore = process.cpuUsage();
  const before = performance.now();
  await session.run(feeds);
  const ms = performance.now() - before;
  const cpu = process.cpuUsage(cpuBefore);
  return { ms, cpuMs: (cpu.user + cpu.system) / 1000 };
}

const first = load + (await run()).ms;
const version = createRequire(import.meta.url)("onnxruntime-node/package.json").version;
console.log(JSON.stringify({ version, threads: Number(threads), ms_load: load, ms_first: first }));

for await (const line of createInterface({ input: process.stdin })) {
  const times = [];
  for (let i = 0; i < Number(line); ++i) times.push(await run());
  console.log(JSON.stringify({ ms: times.map((time) => time.ms), cpu_ms: times.map((time) => time.cpuMs) }));
}
