"""`yoyak data`: a name -> "module:function" table of its own, each command loaded when it is chosen."""

from __future__ import annotations

from cyclopts import App, Parameter

app = App(
    name="data",
    help="Look at data, clean it, split it.",
    help_flags=["--help", "-h"],
    version_flags=[],
    default_parameter=Parameter(negative=()),
)
app.command("yoyak.cli.data_check:check", name="check", help="Find what is wrong: every problem with file, row, rule and remedy.")
app.command("yoyak.cli.data_clean:clean", name="clean", help="Clean dialogues by named rules; the original comes back with restore.")
app.command("yoyak.cli.data_restore:restore", name="restore", help="Give the original of a cleaned file back, byte for byte.")
app.command("yoyak.cli.data_rules:rules", name="rules", help="List the cleaning rules, or explain one.")
app.command("yoyak.cli.data_mask:mask", name="mask", help="Put tags in the place of personal data; the values go to a vault.")
app.command("yoyak.cli.data_unmask:unmask", name="unmask", help="Put the values of a vault back, into dialogues or summaries.")
app.command("yoyak.cli.data_split:split", name="split", help="Split a file so that no dialogue stands in two parts.")
app.command("yoyak.cli.data_style:style", name="style", help="Tell which translation family or style files are of, and whether they match.")
