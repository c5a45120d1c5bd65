"""What the box tells about itself: logs and figures."""
