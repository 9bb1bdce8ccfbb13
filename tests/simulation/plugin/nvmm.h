/* Memory behind caps with the feature memory:NVMM.
 *
 * As on a board, mapping it gives a descriptor of a few bytes, not a picture: only who knows it gets at the pixels. */

#pragma once

#include <gst/gst.h>
#include <gst/video/video.h>

#define NVMM_FEATURE "memory:NVMM"

/* Bytes of a buffer's memory as others see it: the descriptor. */
#define NVMM_SIZE 64

/* Whether the caps' first structure has the feature. */
gboolean nvmm_caps (const GstCaps * caps);

/* The structure's caps with the feature. Takes the structure. */
GstCaps *nvmm_caps_take (GstStructure * structure);

/* An active pool of so many buffers at most; acquiring blocks when all are out. NULL when the caps are no video. */
GstBufferPool *nvmm_pool_new (GstCaps * caps, guint buffers);

/* Stop a pool and let it go; *pool becomes NULL. */
void nvmm_pool_clear (GstBufferPool ** pool);

/* The picture behind a buffer, of NVMM or of system memory; FALSE when it has none of this format and size. */
gboolean nvmm_frame_map (GstVideoFrame * frame, const GstVideoInfo * info, GstBuffer * buffer, gboolean nvmm,
    GstMapFlags flags);

/* A buffer of system memory with the same pixels, times and flags; NULL when the memory is not NVMM. */
GstBuffer *nvmm_pixels (GstBuffer * buffer);
