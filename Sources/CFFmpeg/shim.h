// FFmpeg 5.1 for Swift. Below the includes stands only what the importer cannot translate, each with its reason.
#ifndef LATHE_CFFMPEG_SHIM_H
#define LATHE_CFFMPEG_SHIM_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/audio_fifo.h>
#include <libavutil/channel_layout.h>
#include <libavutil/crc.h>
#include <libavutil/log.h>
#include <libavutil/md5.h>
#include <libavutil/opt.h>
#include <libavutil/tx.h>
#include <libswresample/swresample.h>

// Function-like macros (FFERRTAG) are not imported. AVERROR(e) needs no shim: errno is positive here, so it is -e.
static const int lathe_averror_eof = AVERROR_EOF;
static const int lathe_averror_invalid_data = AVERROR_INVALIDDATA;
static const int lathe_averror_decoder_not_found = AVERROR_DECODER_NOT_FOUND;

// A macro with a cast in it is not imported.
static const int64_t lathe_nopts_value = AV_NOPTS_VALUE;

#endif
