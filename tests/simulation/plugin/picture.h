/* Pixels: from a decoder's planes to a surface's, and turned. */

#pragma once

#include <gst/video/video.h>

/* The format that the decoder's surfaces have for what was decoded; NULL: it does not decode that. */
const gchar *picture_surface_format (const gchar * media, GstVideoFormat decoded);

/* Copy planes that were decoded into a surface of that format. */
void picture_to_surface (GstVideoFrame * from, GstVideoFrame * to);

/* Copy AYUV pixels turned or mirrored as nvvidconv's flip-method says; sizes must fit. */
void picture_turn (const GstVideoFrame * from, GstVideoFrame * to, gint method);

/* Whether the method makes columns of rows. */
gboolean picture_turns_sideways (gint method);
