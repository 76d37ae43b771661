"""Attachments: what people send besides text, turned into parts of a question.

    Attachment ──▶ AttachmentService ──▶ AttachmentReader ──▶ Part
    (the sender's   check, fetch,         PictureReader        PicturePart     JPEG or PNG for a model that sees
     claims)        read, remember        RecordingReader      TranscriptPart  what is said in it
                                          DocumentReader       TextPart        its text, and how much of it that is

A reader is a class with three methods (`reader.py`): `accepts` claims an attachment, `check` refuses before anything is
fetched, `read` gives the part. `service.py` lists them in the order in which they are asked. Documents have formats
below them (`formats/`), one class a file, listed in `formats/__init__.py`. Whatever is recognised, is recognised by its
bytes; names and types are the sender's claims.

Nothing that parses a file runs in the bot's own process: `child_process.py` starts `child.py` with the file as its
standard input, limits of memory and processor time that the kernel holds, a clean environment, and a time after which
it is killed. Only the child loads the parsers' libraries.

A document is kept as a whole, up to `ReadLimits.characters`; `TextPart.within` cuts it for a generator's context, and
`TextPart.omission` says what was left out. Every failure is an AttachmentProblem with its sentence in the Fluent files.

This package knows nothing of Telegram or storage: whoever calls it brings an `Attachment` and a way to fetch it.
"""
