"""The commands of ``ortsamt``: a module each with HELP, ``add_arguments(parser)``, ``run(arguments)``."""
