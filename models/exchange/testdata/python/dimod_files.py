"""Files written and read by dimod itself.

    write FOLDER    random models as JSON, COO and .bqm files, energies.json
    read FOLDER     energies of the .coo and .json files in FOLDER, on stdout

Energies are of all states: bit i of the number of a state is node i, in the order
of the labels given, 1 for +1 or for x = 1.
"""
import json
import os
import random
import sys

import dimod
from dimod.serialization import coo


def energies(bqm, order):
    out = []
    low = -1 if bqm.vartype is dimod.SPIN else 0
    for bits in range(1 << len(order)):
        out.append(bqm.energy({v: 1 if bits >> i & 1 else low for i, v in enumerate(order)}))
    return out


def write(folder):
    draw = random.Random(20240607)
    kinds = [
        lambda i: i,
        lambda i: 3 * i + 1,
        lambda i: "abcdefgh"[i],
        lambda i: (i, "t"),
        lambda i: [0, "x", 2.5, (1, (2, 3)), -7, "0"][i],
    ]
    truth = {}
    for k in range(20):
        n = draw.randint(1, 6)
        vartype = ["SPIN", "BINARY"][k % 2]
        name = kinds[k // 2 % len(kinds)]
        bqm = dimod.BinaryQuadraticModel(vartype)
        for i in range(n):
            bqm.add_variable(name(i), draw.choice([0, draw.gauss(0, 1)]))
        for i in range(n):
            for j in range(i):
                if draw.random() < 0.6:
                    bqm.add_interaction(name(j), name(i), draw.gauss(0, 1))
        bqm.offset = draw.gauss(0, 1)
        base = "m%02d" % k
        with open(os.path.join(folder, base + ".json"), "w") as f:
            json.dump(bqm.to_serializable(), f)
        with open(os.path.join(folder, base + "_1.bqm"), "wb") as f:
            f.write(bqm.to_file(version=1).read())
        with open(os.path.join(folder, base + "_2.bqm"), "wb") as f:
            f.write(bqm.to_file().read())
        order = list(bqm.variables)
        labels = json.loads(json.dumps(order))
        truth[base] = {"labels": labels, "energies": energies(bqm, order)}
        if all(isinstance(v, int) and v >= 0 for v in order):
            bqm.offset = 0
            with open(os.path.join(folder, base + ".coo"), "w") as f:
                coo.dump(bqm, f, vartype_header=True)
            with open(os.path.join(folder, base + ".coo")) as f:
                back = coo.load(f)  # COO has six decimals, and no node without terms
            order = sorted(back.variables)
            if order:
                truth[base + "_coo"] = {"labels": order, "energies": energies(back, order)}
            else:
                os.remove(os.path.join(folder, base + ".coo"))
    with open(os.path.join(folder, "energies.json"), "w") as f:
        json.dump(truth, f)


def read(folder):
    out = {}
    for file in sorted(os.listdir(folder)):
        path = os.path.join(folder, file)
        with open(path) as f:
            if file.endswith(".coo"):
                bqm = coo.load(f)
            elif file.endswith(".json"):
                bqm = dimod.BinaryQuadraticModel.from_serializable(json.load(f))
            else:
                continue
        assert bqm.vartype is dimod.SPIN
        order = sorted(bqm.variables)
        assert order == list(range(len(order))), order
        out[file] = energies(bqm, order)
    json.dump(out, sys.stdout)


if __name__ == "__main__":
    {"write": write, "read": read}[sys.argv[1]](sys.argv[2])
