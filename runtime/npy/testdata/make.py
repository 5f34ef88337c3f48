"""Writes the fixtures beside this file with NumPy. Run once; the files are committed."""
import os
import warnings
import numpy as np
from numpy.lib import format as npf

os.chdir(os.path.dirname(os.path.abspath(__file__)))
warnings.simplefilter("ignore")


def save(name, array, version=None):
    with open(name + ".npy", "wb") as f:
        npf.write_array(f, np.asanyarray(array), version=version, allow_pickle=True)


grid = np.arange(24).reshape(2, 3, 4) - 5
for name, dtype in {
    "i1": "i1", "i2": "<i2", "i4": "<i4", "i8": "<i8",
    "f2": "<f2", "f4": "<f4", "f8": "<f8",
    "big_i2": ">i2", "big_i4": ">i4", "big_i8": ">i8",
    "big_f2": ">f2", "big_f4": ">f4", "big_f8": ">f8",
}.items():
    save(name, grid.astype(dtype))
for name, dtype in {"u1": "u1", "u2": "<u2", "u4": "<u4", "u8": "<u8", "big_u2": ">u2", "big_u4": ">u4", "big_u8": ">u8"}.items():
    save(name, (grid + 5).astype(dtype))
save("b1", grid % 3 == 0)

save("fortran_f8", np.asfortranarray(grid.astype("<f8")))
save("fortran_big_i4", np.asfortranarray(grid.astype(">i4")))
save("fortran_b1", np.asfortranarray(grid % 3 == 0))
save("scalar", np.float64(2.5))
save("empty", np.zeros(0, "<f4"))
save("empty_axis", np.zeros((3, 0, 2), "<i8"))
save("v2", np.arange(5, dtype="<i4"), (2, 0))
save("v3", np.arange(5, dtype="<i4"), (3, 0))
save("extremes_i8", np.array([-2**63, -1, 0, 2**53 + 1, 2**63 - 1], "<i8"))
save("extremes_u8", np.array([0, 2**53, 2**63, 2**64 - 1], "<u8"))
save("extremes_f2", np.array([0, -0.0, 2**-24, -1023 * 2**-24, 2**-14, 1 / 3, -65504, np.inf, -np.inf], "<f2"))
save("wide_axis", np.zeros((123456789, 0), "|u1"))
save("many_axes", np.ones((1,) * 32, "<f4"))

save("bad_object", np.array([{"a": 1}, None], dtype=object))
save("bad_complex", np.zeros(2, "<c16"))
save("bad_struct", np.zeros(2, [("x", "<f4"), ("y", "<i4")]))
save("bad_text", np.array(["up", "down"]))
save("bad_bytes", np.array([b"up", b"down"]))
save("bad_date", np.zeros(2, "<M8[s]"))
save("bad_f16", np.zeros(2, np.longdouble))

arrays = {"weights": grid.astype("<f4"), "best/energy": np.array([-1.5, 2.0]), "state": np.ones((20, 20), "i1")}
np.savez("stored.npz", **arrays)
np.savez_compressed("deflated.npz", **arrays)
np.savez("none.npz")
