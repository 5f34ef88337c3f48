"""Says whether the arrays of two result files are the same bytes, but for meta; exits with 1 where they are not."""

import sys
import zipfile

names = sys.argv[1:3]
a, b = ({i.filename: i.CRC for i in zipfile.ZipFile(name).infolist() if i.filename != "meta.npy"} for name in names)
differ = sorted(n for n in a.keys() | b.keys() if a.get(n) != b.get(n))
print(f"FAIL: {names[0]}: {', '.join(differ)}" if differ else f"PASS: {names[0]}: {len(a)} arrays are those of {names[1]}")
sys.exit(bool(differ))
