"""The command `edge`: one file a command."""
