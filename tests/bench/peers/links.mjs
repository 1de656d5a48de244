// How many characters each way of packing makes of the texts of a folder (or of one file), as JSON: { way: [characters] }.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import * as packed from "pako";

const pako = packed.default ?? packed;
const lz = createRequire(import.meta.url)("lz-string");
const base64 = (bytes) => Buffer.from(bytes).toString("base64url");
const path = process.argv[2];
const texts = (statSync(path).isDirectory() ? readdirSync(path).sort().map((name) => join(path, name)) : [path]).map((file) => readFileSync(file));
const ways = {
  "pako deflate + base64url": (bytes) => base64(pako.deflate(bytes, { level: 9 })),
  "lz-string for URLs": (bytes) => lz.compressToEncodedURIComponent(bytes.toString()),
  "encodeURIComponent": (bytes) => encodeURIComponent(bytes.toString()),
};
console.log(JSON.stringify(Object.fromEntries(Object.entries(ways).map(([name, way]) => [name, texts.map((bytes) => way(bytes).length)]))));
