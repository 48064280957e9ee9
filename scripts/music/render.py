"""From a score to a finished file: FluidSynth plays it, FFmpeg measures and levels it, sox and flac store it."""

import pathlib
import re
import subprocess
import tempfile

SOUNDFONT = pathlib.Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
TARGET_LUFS = -15.5
CEILING_DBTP = -1.0


def run(*command):
    """Runs a tool and returns what it said; a failure carries the end of that."""
    result = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, capture_output=True)
    output = (result.stdout + result.stderr).decode(errors="replace")
    if result.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {output[-2000:]}")
    return output


def perform(score, destination, *, sample_rate):
    """Plays the score with FluidSynth into a 32-bit float stereo WAV."""
    with tempfile.NamedTemporaryFile(suffix=".mid") as midi:
        midi.write(score.midi())
        midi.flush()
        run(
            "fluidsynth",
            "--no-shell",
            "--no-midi-in",
            "--quiet",
            "--sample-rate",
            sample_rate,
            "--gain",
            0.5,
            "--option",
            "synth.polyphony=512",
            "--option",
            "synth.reverb.room-size=0.6",
            "--option",
            "synth.reverb.level=0.5",
            "--option",
            "audio.file.format=float",
            "--option",
            "audio.file.type=wav",
            "--fast-render",
            destination,
            SOUNDFONT,
            midi.name,
        )


def loudness(path, filters=()):
    """Integrated loudness in LUFS and true peak in dBTP (ITU-R BS.1770, by FFmpeg's ebur128) behind some filters."""
    chain = ",".join([*filters, "ebur128=peak=true"])
    summary = run("ffmpeg", "-nostats", "-hide_banner", "-i", path, "-map", "0:a", "-af", chain, "-f", "null", "-")
    summary = summary[summary.rindex("Summary:") :]
    integrated = re.search(r"I:\s+(-?[\d.]+) LUFS", summary).group(1)
    peak = re.search(r"Peak:\s+(-?[\d.]+|-?inf) dBFS", summary).group(1)
    return float(integrated), float(peak)


def master(raw, destination, *, sample_rate, bits, seconds=None, mono=False, fade=2.5, tags=None):
    """Levels a performance to TARGET_LUFS under CEILING_DBTP and stores it as 16- or 24-bit WAV or FLAC.

    `seconds` cuts the end of the reverberation off, faded out over the last `fade` seconds.
    """
    to_mono = ["pan=mono|c0=0.5*c0+0.5*c1"] if mono else []
    integrated, peak = loudness(raw, to_mono)
    gain = TARGET_LUFS - integrated
    filters = [*to_mono, f"volume={gain:.2f}dB"]
    if peak + gain > CEILING_DBTP:
        # Four times the rate, so that the limiter sees the peaks between the samples.
        filters += [
            f"aresample={sample_rate * 4}",
            f"alimiter=limit={10 ** ((CEILING_DBTP - 0.3) / 20):.4f}:level=disabled:attack=3:release=60",
            f"aresample={sample_rate}",
        ]
    if seconds is not None:
        filters += [f"atrim=end={seconds}", f"afade=t=out:st={seconds - fade}:d={fade}"]
    if bits == 16:
        filters += ["aresample=osf=s16:dither_method=triangular_hp"]
    codec = f"pcm_s{bits}le" if destination.suffix == ".wav" else "flac"
    sample_format = {16: "s16", 24: "s32"}[bits]
    depth = ["-bits_per_raw_sample", "24"] if bits == 24 and codec == "flac" else []
    metadata = [part for name, value in (tags or {}).items() for part in ("-metadata", f"{name}={value}")]
    run(
        "ffmpeg",
        "-v",
        "error",
        "-y",
        "-i",
        raw,
        "-af",
        ",".join(filters),
        "-map_metadata",
        -1,
        *metadata,
        "-fflags",
        "+bitexact",
        "-flags:a",
        "+bitexact",
        "-c:a",
        codec,
        "-sample_fmt",
        sample_format,
        *depth,
        "-compression_level",
        12,
        destination,
    )
