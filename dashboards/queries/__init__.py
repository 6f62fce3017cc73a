"""Every question that is asked of a published version, a module per subject, each question with the roles it answers.

A question is a function under `@answers(...)` whose first argument is `Tables`; whoever asks hands in a `Reader`.
Values are bound and money stays in fen. How figures look does not belong here, nor does opening the version.
"""
