// What all programs here have in common: they tell line by line what happens to them, and stay until
// nobody holds the other end of stdin any more.
import { createHash } from "node:crypto";

// tell writes one line of the transcript.
export function tell(...words) {
  console.log(words.join(" "));
}

// dismissed comes when it is time to go.
export const dismissed = new Promise((resolve) => process.stdin.resume().once("end", resolve));

// sum is the size and the hash of bytes, for transcripts.
export function sum(bytes) {
  return `${bytes.length} bytes, ${createHash("sha256").update(bytes).digest("hex").slice(0, 16)}`;
}

// noise is bytes that cannot be compressed, the same in every run.
export function noise(size) {
  const bytes = Buffer.alloc(size);
  for (let i = 0, x = 1; i < size; i++) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    bytes[i] = x >>> 24;
  }
  return bytes;
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
