# {{.Header}}
# Timing of {{.Model}}_axi for any tool that reads SDC: 200 MHz, half of a clock for the ports.
create_clock -name aclk -period 5.000 [get_ports aclk]
set_input_delay 2.500 -clock aclk [all_inputs]
set_output_delay 2.500 -clock aclk [all_outputs]
