"""SIP: the Kamailio edge towards phones, the pjsua2 engine and the trunks."""
