"""Opens a store with xarray and ArviZ and prints as JSON what is in it."""
import json
import sys
import warnings

warnings.simplefilter("error")  # such as metadata that are not consolidated
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # ArviZ announces its next version
    import arviz
    import xarray

tree = xarray.open_datatree(sys.argv[1], engine="zarr")
if hasattr(arviz.InferenceData, "from_datatree"):
    data = arviz.InferenceData.from_datatree(tree)
else:
    data = arviz.from_zarr(sys.argv[1])
alone = xarray.open_zarr(sys.argv[1], group="posterior")
assert alone.equals(data.posterior.load())
assert (data.sample_stats.lp == -data.sample_stats.energy).all()
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # a clamped node has no R-hat
    rows = {}
    for group, names in (("posterior", None), ("sample_stats", ["energy"])):
        table = arviz.summary(data, group=group, var_names=names, round_to="none")
        rows |= {name: dict(row.dropna()) for name, row in table.iterrows()}
print(json.dumps({
    "groups": sorted(data.groups()),
    "shapes": {name: list(v.shape) for name, v in data.posterior.data_vars.items()},
    "attrs": data.posterior.attrs,
    "summary": rows,
}))
