"""IP phones of the office: found, adopted, told their settings, made to fetch again."""
