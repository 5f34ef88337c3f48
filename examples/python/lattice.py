"""The Ising model from plain arrays, as a picture of one state above, one at and one
below the critical temperature: python lattice.py lattice.png"""

import struct
import sys
import zlib

import numpy as np

from thrmlgen import to_thrmlgen

N = 128
site = np.arange(N * N).reshape(N, N)
edges = np.concatenate([np.stack([site, np.roll(site, -1, axis)], axis=-1).reshape(-1, 2) for axis in (0, 1)])
model = to_thrmlgen({"biases": np.zeros(N * N), "edges": edges, "weights": 1.0}, "out/lattice")

critical = np.log(1 + np.sqrt(2)) / 2
panels = []
with model.sampler() as sampler:  # one process; β is data
    for beta in (0.8 * critical, critical, 1.1 * critical):
        result = sampler.run(beta=beta, chains=1, warmup=1000, samples=1, seed=4)
        panels.append(result["s"][0, 0].reshape(N, N))
        print(f"β = {beta:.4f}: energy a spin {result.energy[0, 0] / beta / N**2:.3f}, "
              f"magnetisation {abs(panels[-1].mean()):.3f}")


def write_png(path, gray):
    """gray: uint8 (height, width)."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = gray.shape
    rows = np.concatenate([np.zeros((height, 1), np.uint8), gray], axis=1)
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
                + chunk(b"IDAT", zlib.compress(rows.tobytes(), 9)) + chunk(b"IEND", b""))


gap = np.ones((N, 8), np.int8)
picture = np.concatenate([panels[0], gap, panels[1], gap, panels[2]], axis=1)
write_png(sys.argv[1], np.where(np.kron(picture, np.ones((2, 2))) > 0, 255, 60).astype(np.uint8))
