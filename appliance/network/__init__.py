"""The network of the box: settings as files of systemd-networkd, tried before they are kept."""
