"""Makes digits.npz from the digits that scikit-learn ships.

    pip install scikit-learn
    python digits.py

Images of 0, 3 and 4, 8 x 8 pixels of 0 to 16: above 7 is +1. Three label units behind
the pixels say which digit it is, +1 for the one and -1 for the others. The first 80 %
of each digit, in the order of the file, are for training.
"""

import os

import numpy as np
from sklearn.datasets import load_digits

DIGITS = [0, 3, 4]
d = load_digits()
train, test = [], []
for i in range(len(d.target)):
    if d.target[i] not in DIGITS:
        continue
    same = d.target == d.target[i]
    row = np.concatenate([d.data[i] > 7, [d.target[i] == k for k in DIGITS]])
    first = np.count_nonzero(same[:i]) < int(0.8 * np.count_nonzero(same))
    (train if first else test).append(np.where(row, 1, -1).astype(np.int8))
train, test = np.array(train), np.array(test)
mean = np.clip(train.mean(axis=0), -0.95, 0.95)
file = os.path.join(os.path.dirname(os.path.abspath(__file__)), "digits.npz")
np.savez_compressed(file, train=train, test=test, pixel_bias=np.arctanh(mean[:64]), label_bias=np.arctanh(mean[64:]))
print(file, "train", train.shape, "test", test.shape)
