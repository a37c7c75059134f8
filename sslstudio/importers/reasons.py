"""Why a file was not imported: stable codes, each with a sentence and a hint for a radiologist.

Every text stands here, none comes from a library's exception, which may hold patient data.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """A code of this module with its sentence and what the user can do."""

    code: str
    sentence: str
    hint: str


class Refused(Exception):  # noqa: N818 - an answer about a file, not a fault of the program
    """A file cannot be imported. `code` is a key of `TEXTS`; `detail` fills its placeholders, from safe lists only."""

    def __init__(self, code: str, **detail: str) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


IMPORTED = "imported"
READY = "ready"
"""Code of a file that a dry run found importable."""
UNCHANGED = "unchanged"
"""Code of a file that the project knows already and that is as it was."""
CHANGED, GONE, MOVED = "changed", "gone", "moved"
DUPLICATE, DROPPED, PIXELS_LOST = "duplicate", "dropped", "pixels_lost"
TAKEN = (IMPORTED, READY, UNCHANGED, MOVED, GONE)
"""Codes of files whose images are, or would be, in the project."""

TEXTS: dict[str, tuple[str, str]] = {
    "zero_bytes": ("The file is empty (0 bytes).", "Copy it again from its source."),
    "truncated": ("The file is cut off: its image data ends too early.", "Copy or export it again from its source."),
    "corrupt": ("The file is damaged: its image data cannot be read.", "Copy or export it again from its source."),
    "not_an_image": ("Not an image.", "Nothing to do; only images are imported."),
    "text_file": ("A text file, not an image.", "A table of patients or labels can be given separately."),
    "wrong_extension": (
        "The name says image, but the content is something else ({content}).",
        "Copy or export the original image again.",
    ),
    "unsupported_format": (
        "{content} files cannot be imported.",
        "Convert to PNG, TIFF or DICOM without loss, then import again.",
    ),
    "archive": (
        "An archive ({content}) that is not looked into, because of its kind or its name.",
        "Give a ZIP or tar its usual ending (.zip, .tar, .tar.gz); unpack others and import the folder.",
    ),
    "nested_archive": ("An archive ({content}) inside an archive.", "Unpack the outer one and import the folder."),
    "archive_damaged": (
        "The archive is damaged or cut off: its list of files cannot be read.",
        "Copy or download it again from its source.",
    ),
    "archive_empty": ("The archive holds no files.", "Check that it was made from the right folder."),
    "archive_bomb": (
        "The archive claims more files or data than an import takes; it was not opened.",
        "If you trust its source, unpack it and import the folder.",
    ),
    "archive_method": (
        "The file is packed in a way that cannot be read inside its archive.",
        "Unpack the archive and import the folder.",
    ),
    "encrypted": (
        "The file is locked with a password inside its archive.",
        "Unpack the archive with its password and import the folder.",
    ),
    "unsafe_name": (
        "The name of the file in its archive leads out of the archive; it was not opened.",
        "If you trust its source, unpack the archive and import the folder.",
    ),
    "repeated_name": (
        "The archive holds another file of the same name; only the first was read.",
        "Unpack the archive and give the files names of their own.",
    ),
    "link_in_archive": ("A link inside an archive; links are not followed there.", "Import the file that it leads to."),
    "unsupported_syntax": (
        "The pixels are compressed as {syntax}, which needs the codec {codec}.",
        "Export the study uncompressed or as JPEG 2000, then import again.",
    ),
    "missing_syntax": (
        "The file does not say how its pixels are compressed.",
        "Export the study again from the archive.",
    ),
    "unsupported_pixels": (
        "The kind of pixels in this file is not supported ({content}).",
        "Export the study as grey or RGB images, then import again.",
    ),
    "contradiction": (
        "The header and the image data of this file contradict each other: {content}.",
        "Export the study again from the archive.",
    ),
    "no_pixels": ("A DICOM file without an image (for example a report).", "Nothing to do; only images are imported."),
    "mask": ("A {content}, not an image.", "Nothing to do; only images are imported."),
    "dicom_directory": (
        "The index of a DICOM disc.",
        "Nothing to do; the images of the disc are imported by themselves.",
    ),
    "reference_outside": (
        "The index of the disc names a file outside the disc; it was not opened.",
        "Copy the whole disc into one folder and import that folder.",
    ),
    "reference_missing": (
        "The index of the disc names a file that is not there.",
        "Copy the whole disc again, or import its folder.",
    ),
    "too_large": (
        "The image is larger than the import allows.",
        "Raise the size limit of the import, or export the image smaller.",
    ),
    "decoder_crashed": (
        "Reading this file made the decoder fail; the file was set aside.",
        "The file is probably damaged. Export it again from its source.",
    ),
    "decoder_timeout": (
        "Reading this file took too long; the file was set aside.",
        "The file is probably damaged, or its drive is slow. Try it again alone.",
    ),
    "duplicate": ("The same picture as another file of this import.", "Nothing to do; it counts as one image."),
    "permission": ("You have no permission to read this.", "Ask for read access, then import again."),
    "missing": ("The file is gone or its link leads nowhere.", "Check that the drive is connected, then import again."),
    "unreadable": ("The drive gave an error while reading this.", "Check the drive or network, then import again."),
    CHANGED: (
        "The file has changed since it was imported. Its images were left out of training; labels stay as they were.",
        "Take in the new content as new images, or keep the images as they were.",
    ),
    GONE: (
        "The file is not there any more. Its images, with their labels, stay in the project.",
        "Nothing to do. If the folder was moved, say where it is now with Locate folder.",
    ),
    PIXELS_LOST: ("Its decoded pixels did not reach the disk.", "Import it again."),
    DROPPED: ("The file, which gave no image, is not there any more.", "Nothing to do."),
    MOVED: ("Found again in another place: same content, same image.", "Nothing to do."),
    UNCHANGED: ("In the project already, and as it was.", "Nothing to do."),
    "not_a_file": ("Neither a file nor a folder (a device or a pipe).", "Nothing to do; only images are imported."),
    "pair_part": (
        "The pixels of a NIfTI pair; they are read together with their .hdr file.",
        "Nothing to do; the row of the .hdr file says what became of them.",
    ),
    "pair_alone": (
        "The header of a NIfTI pair without its pixels: there is no .img file beside it.",
        "Copy the .img file into the same folder, then import again.",
    ),
    "analyze": (
        "An Analyze 7.5 header, which does not say where left and right are.",
        "Convert the volume to NIfTI, then import again.",
    ),
    "outside_table": (
        "The table names this file by a path that leads out of the table's folder; it was not opened.",
        "Move the table above its files, or write the whole path of the file into it.",
    ),
    "first_picture": ("A film; its first picture was imported.", "Save other pictures of it as files of their own."),
    "first_volume": (
        "The first of {count} volumes was imported; the others show the same slices again.",
        "Save other volumes that you need as files of their own.",
    ),
    "side_unknown": (
        "The file does not say how the patient lies: left and right, front and back may be swapped.",
        "Convert the original again with its orientation, if sides matter.",
    ),
    "whole_slide": (
        "A whole slide; its overview of {size} pixels was imported.",
        "Cut the slide into tiles and import these, if cells matter.",
    ),
}


def reason(code: str, **detail: str) -> Reason:
    """The texts of `code`, placeholders filled. Raises KeyError for a code that is not in `TEXTS`."""
    sentence, hint = TEXTS[code]
    return Reason(code, sentence.format_map(_Placeholders(detail)), hint)


class _Placeholders(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "unknown"
