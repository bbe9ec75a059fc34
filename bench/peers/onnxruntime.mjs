// Runs an ONNX model on one raw input with ONNX Runtime and writes its raw output:
//
//   node onnxruntime.mjs MODEL.onnx INPUT.bin OUTPUT.bin
//
// Both files are float32, little-endian, in the order the network takes and gives them (NCHW). A dimension
// that the model leaves open, its batch, is 1. Of several outputs the first is written.

import { readFileSync, writeFileSync } from "node:fs";
import ort from "onnxruntime-node";

const [modelPath, inputPath, outputPath] = process.argv.slice(2);
if (!outputPath) {
  console.error("usage: node onnxruntime.mjs MODEL.onnx INPUT.bin OUTPUT.bin");
  process.exit(2);
}

const session = await ort.InferenceSession.create(modelPath, { logSeverityLevel: 3 });
const input = session.inputMetadata[0];
const shape = input.shape.map((size) => (typeof size === "number" && size > 0 ? size : 1));

const bytes = readFileSync(inputPath);
const count = shape.reduce((product, size) => product * size, 1);
if (bytes.length !== 4 * count) {
  console.error(`${inputPath}: has ${bytes.length} bytes, ${modelPath} takes ${shape.join("x")} floats`);
  process.exit(2);
}

// A copy, since a view of floats must begin at a multiple of four bytes and a Buffer may not.
const values = new Float32Array(new Uint8Array(bytes).buffer);
const results = await session.run({ [input.name]: new ort.Tensor("float32", values, shape) });
const scores = results[session.outputNames[0]].data;
writeFileSync(outputPath, new Uint8Array(scores.buffer, scores.byteOffset, scores.byteLength));
