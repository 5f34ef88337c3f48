"""Prints registers.rdl as the SystemRDL compiler understands it: address, access, fields."""
from systemrdl import RDLCompiler

compiler = RDLCompiler()
compiler.compile_file("registers.rdl")
for reg in compiler.elaborate().top.registers(unroll=True):
    fields = [f"{f.inst_name}[{f.high}:{f.low}]" for f in reg.fields()]
    access = "r" * reg.has_sw_readable + "w" * reg.has_sw_writable
    print(f"0x{reg.absolute_address:04x} {access} {' '.join(fields)}")
