/* Crops, scales, converts and turns a picture. */

#pragma once

#include <gst/video/video.h>

typedef struct _Scaler Scaler;

/* How: nvvidconv's flip-method and interpolation-method; crop, or NULL, lies in the input. NULL: not possible. */
Scaler *scaler_new (const GstVideoInfo * in, const GstVideoInfo * out, gint flip, gint interpolation,
    const GstVideoRectangle * crop);

void scaler_frame (Scaler * self, GstVideoFrame * from, GstVideoFrame * to);

void scaler_free (Scaler * self);
