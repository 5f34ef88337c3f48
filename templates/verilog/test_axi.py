# {{.Header}}
"""Tests of {{.Model}}_axi with cocotb and cocotbext-axi, in Icarus: `python sim/test_axi.py`.

Bus and stream pause at random; every test has a limit on its simulated time. Frames are
compared with sim/axi_frames.hex, the states that thrmlgen's interpreter gave.
"""
import os
import random
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WARMUP, SAMPLES, STEPS, CHAINS, WORDS, KEEP = {{.Warmup}}, {{.Samples}}, {{.Steps}}, {{.K}}, {{.Words}}, {{.LastBytes}}
RUN = SAMPLES * CHAINS  # frames of a run
LOADED, CLAMPED = {{.FirstLoaded}}, {{.FirstClamped}}  # first frames of other runs
MASK, VALUE = {{.Mask}}, {{.Value}}
LIMIT = {{.Microseconds}}
REGISTER = {
{{range .Registers}}    "{{.Name}}": 0x{{printf "%04x" .Offset}},
{{end}}}


def lines(name):
    return [x for x in (ROOT / "sim" / name).read_text().split("\n") if x and not x.startswith("//")]


def frames(first):
    """Chain and bytes of the frames of a run."""
    out = []
    for x in lines("axi_frames.hex")[first : first + RUN]:
        data = int(x[4:], 16).to_bytes(4 * WORDS, "little")
        out.append((int(x[:4], 16), data[: 4 * (WORDS - 1) + KEEP]))
    return out


def image():
    """The words of the first run that loads its states."""
    words = [int(x[8:], 16) for x in lines("axi.hex") if x[:2] == "01" and int(x[4:8], 16) == REGISTER["load"]]
    return words[: {{.LoadWords}}]


if __name__ != "__main__":
    import cocotb
    from cocotb.clock import Clock
    from cocotb.triggers import ClockCycles, RisingEdge
    from cocotbext.axi import AxiLiteBus, AxiLiteMaster, AxiResp, AxiStreamBus, AxiStreamSink

    class Bench:
        """The device, its clock running, with a master and a sink that pause at random."""

        def __init__(self, dut, seed):
            self.dut, self.random = dut, random.Random(seed)
            cocotb.start_soon(Clock(dut.aclk, 10, "ns").start())
            dut.aresetn.value = 0
            self.bus = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axil"), dut.aclk, dut.aresetn, reset_active_level=False)
            self.sink = AxiStreamSink(AxiStreamBus.from_prefix(dut, "m_axis"), dut.aclk, dut.aresetn, reset_active_level=False)
            for channel in (
                self.bus.write_if.aw_channel, self.bus.write_if.w_channel, self.bus.write_if.b_channel,
                self.bus.read_if.ar_channel, self.bus.read_if.r_channel, self.sink,
            ):
                channel.set_pause_generator(self.pauses(self.random.random() * 0.8))

        def pauses(self, share):
            while True:
                yield self.random.random() < share

        async def reset(self):
            await ClockCycles(self.dut.aclk, 4)
            self.dut.aresetn.value = 1
            await RisingEdge(self.dut.aclk)

        async def write(self, name, value, word=0, want=AxiResp.OKAY):
            got = await self.bus.write(REGISTER[name] + 4 * word, value.to_bytes(4, "little"))
            assert got.resp == want, (name, got.resp)

        async def read(self, name, word=0):
            got = await self.bus.read(REGISTER[name] + 4 * word, 4)
            assert got.resp == AxiResp.OKAY, (name, got.resp)
            return int.from_bytes(bytes(got.data), "little")

        async def schedule(self):
            for name, value in (("warmup", WARMUP), ("samples", SAMPLES), ("steps", STEPS)):
                await self.write(name, value)

        async def expect(self, first):
            for i, (chain, data) in enumerate(frames(first)):
                got = await self.sink.recv()
                assert bytes(got.tdata) == data, (i, bytes(got.tdata).hex(), data.hex())
                tid = got.tid if isinstance(got.tid, int) else got.tid[0]
                assert int(tid) == chain, (i, tid, chain)
            while not await self.read("status") & 2:
                pass
            assert self.sink.empty()
            assert await self.read("draws") == SAMPLES

    @cocotb.test(timeout_time=LIMIT, timeout_unit="us")
    async def samples(dut):
        bench = Bench(dut, 1)
        await bench.reset()
        assert await bench.read("id") == 0x54484D4C
        for _ in range(2):
            await bench.schedule()
            await bench.write("control", 1)
            await bench.expect(0)

    @cocotb.test(timeout_time=LIMIT, timeout_unit="us")
    async def loaded_states(dut):
        bench = Bench(dut, 2)
        await bench.reset()
        await bench.schedule()
        await bench.write("control", 3)
        for word in image():
            await bench.write("load", word)
        await bench.expect(LOADED)

    @cocotb.test(timeout_time=LIMIT, timeout_unit="us")
    async def clamps(dut):
        bench = Bench(dut, 3)
        await bench.reset()
        await bench.schedule()
        for i, word in enumerate(MASK):
            await bench.write("clamp_mask", word, i)
        for i, word in enumerate(VALUE):
            await bench.write("clamp_value", word, i)
        await bench.write("control", 1)
        await bench.expect(CLAMPED)

    @cocotb.test(timeout_time=LIMIT, timeout_unit="us")
    async def refusals(dut):
        bench = Bench(dut, 4)
        await bench.reset()
        await bench.schedule()
        for address in (0x80, 0x0FFC, 0x3FFC):
            assert (await bench.bus.read(address, 4)).resp == AxiResp.SLVERR
            assert (await bench.bus.write(address, bytes(4))).resp == AxiResp.SLVERR
        await bench.write("status", 0, want=AxiResp.SLVERR)
        await bench.write("load", 0, want=AxiResp.SLVERR)
        assert await bench.read("status") == 1 << 12 | 1 << 11
        bench.sink.clear_pause_generator()
        bench.sink.pause = True
        await bench.write("control", 1)
        while not await bench.read("status") & 8:
            pass
        await bench.write("steps", 9, want=AxiResp.SLVERR)
        await bench.write("control", 1, want=AxiResp.SLVERR)
        await bench.write("control", 4)
        bench.sink.pause = False
        assert bytes((await bench.sink.recv()).tdata) == frames(0)[0][1]
        await ClockCycles(dut.aclk, 100)
        assert bench.sink.empty() and await bench.read("status") & 0x17 == 4

else:
    from cocotb_tools.check_results import get_results
    from cocotb_tools.runner import get_runner

    os.environ.setdefault("COCOTB_LOG_LEVEL", "WARNING")
    sources = [ROOT / x for x in (ROOT / "rtl" / "files.f").read_text().split("\n") if x and not x.startswith("//")]
    runner = get_runner("icarus")
    runner.build(sources=sources, hdl_toplevel="{{.Model}}_axi", timescale=("1ns", "1ps"), build_args=["-g2005"],
                 build_dir=ROOT / "build" / "cocotb", always=True)
    results = runner.test(hdl_toplevel="{{.Model}}_axi", test_module="test_axi", test_dir=ROOT / "sim", build_dir=ROOT / "build" / "cocotb")
    total, failed = get_results(results)
    print(f"{'FAIL' if failed or not total else 'PASS'}: {total - failed} of {total} tests of cocotb")
    sys.exit(1 if failed or not total else 0)
