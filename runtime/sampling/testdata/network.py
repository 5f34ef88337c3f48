"""Makes network.safetensors and network.json with PyTorch: a network of each activation,
weights in the layout of torch.nn.Linear, energies and gradients in float64."""

import json

import torch
from safetensors.torch import save_file

ACTIVATIONS = {"silu": torch.nn.SiLU, "tanh": torch.nn.Tanh, "relu": torch.nn.ReLU, "softplus": torch.nn.Softplus, "elu": torch.nn.ELU}

torch.manual_seed(5)
tensors, cases = {}, []
for name, act in ACTIVATIONS.items():
    net = torch.nn.Sequential(torch.nn.Linear(3, 6), act(), torch.nn.Linear(6, 5), act(), torch.nn.Linear(5, 1))
    with torch.no_grad():
        for p in net.parameters():
            p.mul_(3)
    tensors |= {f"{name}.net.{k}": v.clone() for k, v in net.state_dict().items()}
    net.double()
    x = (2 * torch.randn(8, 3)).float().double().requires_grad_()
    energy = net(x)[:, 0]
    (slope,) = torch.autograd.grad(energy.sum(), x)
    cases.append({"activation": name, "x": x.tolist(), "energy": energy.tolist(), "gradient": slope.tolist()})
save_file(tensors, "network.safetensors")
with open("network.json", "w") as f:
    json.dump({"torch": torch.__version__, "cases": cases}, f, indent=1)
