"""Reads the design as Verilog-2005 with slang, all its warnings on, from the top that is named."""
import sys

from pyslang.driver import Driver

driver = Driver()
driver.addStandardArgs()
ok = driver.parseCommandLine(f"slang --std 1364-2005 -Wextra -Werror -f rtl/files.f --top {sys.argv[1]}")
ok = ok and driver.processOptions() and driver.parseAllSources()
sys.exit(0 if ok and driver.runFullCompilation(True) else 1)
