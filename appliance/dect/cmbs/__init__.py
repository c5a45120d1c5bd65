"""The DSP Group CMBS module: a DECT base on a serial line, driven directly; and an emulated one."""
