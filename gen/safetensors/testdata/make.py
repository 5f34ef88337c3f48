"""Writes the fixtures beside this file with the packages safetensors 0.8 and ml_dtypes. Run once; the files are committed."""
import os
import ml_dtypes
import numpy as np
from safetensors.numpy import save_file

os.chdir(os.path.dirname(os.path.abspath(__file__)))
grid = (np.arange(24) - 5).reshape(2, 3, 4)
arrays = {name: grid.astype(name) for name in ("int8", "int16", "int32", "int64", "float16", "float32", "float64")}
arrays |= {name: (grid + 5).astype(name) for name in ("uint8", "uint16", "uint32", "uint64")}
arrays["bool"] = grid % 3 == 0
arrays["scalar"] = np.array(2.5)
arrays['weight with ünïcode "quotes"'] = np.array([[1.5, -2.0]], "f4")
save_file(arrays, "types.safetensors", metadata={"format": "np", "note": "text \u00e9"})
save_file({"w": np.array([0.5, -0.25, 1 / 3], "f4")}, "small.safetensors")
save_file({
    "f16": np.array([0, -0.0, 2**-24, -1023 * 2**-24, 2**-14, 1 / 3, -65504, np.inf, -np.inf], "<f2"),
    "bf16": np.array([0x0000, 0x8000, 0x3F80, 0xBFC0, 0x0001, 0x7F7F, 0x7F80], "<u2").view(ml_dtypes.bfloat16),
}, "halves.safetensors")
save_file({}, "empty.safetensors")
save_file({"e": np.zeros((3, 0), "f4")}, "empty_tensor.safetensors", metadata={"a": "b"})
save_file({"e": np.zeros(0, "f4"), "w": np.ones(2, "f4")}, "shared_offset.safetensors")
