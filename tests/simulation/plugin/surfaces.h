/* What the decoders have in common: pictures of a decoder inside, put into surfaces of a pool. */

#pragma once

#include <gst/video/video.h>

#include "wrapper.h"

typedef struct
{
  Wrapper parent;
  /* Of the stream that is decoded now: its media type, and what comes out inside and outside. */
  gchar *media;
  GstVideoInfo in, out;
  gboolean nvmm;
  GstBufferPool *pool;
} Surfaces;

typedef struct
{
  WrapperClass parent;
  /* The format of the surfaces for what was decoded, NULL where there is none, and whether they are in NVMM. */
  const gchar *(*format) (Surfaces * self, GstVideoFormat decoded, gboolean * nvmm);
  /* How many there are at most; 0: any number. */
  guint (*number) (Surfaces * self);
  /* Whether the picture that was decoded now does not go out. May be NULL. */
  gboolean (*kept_back) (Surfaces * self);
} SurfacesClass;

GType surfaces_get_type (void);

#define SURFACES_GET_CLASS(object) G_TYPE_INSTANCE_GET_CLASS (object, surfaces_get_type (), SurfacesClass)

/* Begin on another stream: what decodes it, or NULL, and then the reason was posted. */
GstElement *surfaces_begin (Surfaces * self, GstCaps * caps);
