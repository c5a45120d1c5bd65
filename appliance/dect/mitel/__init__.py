"""Mitel SIP-DECT: the OMM (its manager) spoken to over AXI, and an emulated one."""
