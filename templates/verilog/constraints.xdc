# {{.Header}}
# Vivado, {{.Model}}_axi inside a design: 200 MHz. Its pins belong to whoever connects the bus.
create_clock -name aclk -period 5.000 [get_ports aclk]
