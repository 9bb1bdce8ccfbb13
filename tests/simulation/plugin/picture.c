#include "picture.h"

#include <string.h>

const gchar *
picture_surface_format (const gchar * media, GstVideoFormat decoded)
{
  gboolean jpeg = g_str_equal (media, "image/jpeg");

  switch (decoded) {
    case GST_VIDEO_FORMAT_I420:
      return "NV12";
    case GST_VIDEO_FORMAT_Y42B:
    case GST_VIDEO_FORMAT_Y444:
    case GST_VIDEO_FORMAT_GRAY8:
      return jpeg ? "NV12" : NULL;
    case GST_VIDEO_FORMAT_I420_10LE:
      /* No Jetson before Thor decodes H.264 of 10 bits. */
      return g_str_equal (media, "video/x-h264") ? NULL : "P010_10LE";
    default:
      return NULL;
  }
}

#define LINE(frame, plane, y) \
  ((gpointer) ((guint8 *) GST_VIDEO_FRAME_PLANE_DATA (frame, plane) \
      + (gsize) GST_VIDEO_FRAME_PLANE_STRIDE (frame, plane) * (y)))

static void
interleave (GstVideoFrame * from, GstVideoFrame * to)
{
  gint width = GST_VIDEO_FRAME_WIDTH (from), half = (width + 1) / 2;

  for (gint y = 0; y < GST_VIDEO_FRAME_HEIGHT (from); y++)
    memcpy (LINE (to, 0, y), LINE (from, 0, y), width);
  for (gint y = 0; y < (GST_VIDEO_FRAME_HEIGHT (from) + 1) / 2; y++) {
    const guint8 *restrict u = LINE (from, 1, y), *restrict v = LINE (from, 2, y);
    guint8 *restrict uv = LINE (to, 1, y);
    for (gint x = 0; x < half; x++) {
      uv[2 * x] = u[x];
      uv[2 * x + 1] = v[x];
    }
  }
}

/* P010 has its ten bits at the top. */
static void
interleave_10 (GstVideoFrame * from, GstVideoFrame * to)
{
  gint width = GST_VIDEO_FRAME_WIDTH (from), half = (width + 1) / 2;

  for (gint y = 0; y < GST_VIDEO_FRAME_HEIGHT (from); y++) {
    const guint16 *in = LINE (from, 0, y);
    guint16 *out = LINE (to, 0, y);
    for (gint x = 0; x < width; x++)
      out[x] = in[x] << 6;
  }
  for (gint y = 0; y < (GST_VIDEO_FRAME_HEIGHT (from) + 1) / 2; y++) {
    const guint16 *u = LINE (from, 1, y), *v = LINE (from, 2, y);
    guint16 *uv = LINE (to, 1, y);
    for (gint x = 0; x < half; x++) {
      uv[2 * x] = u[x] << 6;
      uv[2 * x + 1] = v[x] << 6;
    }
  }
}

void
picture_to_surface (GstVideoFrame * from, GstVideoFrame * to)
{
  if (GST_VIDEO_FRAME_FORMAT (from) == GST_VIDEO_FRAME_FORMAT (to)) {
    gst_video_frame_copy (to, from);
  } else if (GST_VIDEO_FRAME_FORMAT (from) == GST_VIDEO_FORMAT_I420) {
    interleave (from, to);
  } else if (GST_VIDEO_FRAME_FORMAT (from) == GST_VIDEO_FORMAT_I420_10LE) {
    interleave_10 (from, to);
  } else {
    GstVideoConverter *converter = gst_video_converter_new (&from->info, &to->info, NULL);
    gst_video_converter_frame (converter, from, to);
    gst_video_converter_free (converter);
  }
}

gboolean
picture_turns_sideways (gint method)
{
  return method % 2 == 1;
}

void
picture_turn (const GstVideoFrame * from, GstVideoFrame * to, gint method)
{
  gint width = GST_VIDEO_FRAME_WIDTH (to), height = GST_VIDEO_FRAME_HEIGHT (to);

  for (gint y = 0; y < height; y++) {
    guint32 *out = LINE (to, 0, y);
    for (gint x = 0; x < width; x++) {
      gint right = width - 1 - x, bottom = height - 1 - y, i, j;
      switch (method) {
        case 1: /* counterclockwise */
          i = bottom, j = x;
          break;
        case 2: /* rotate-180 */
          i = right, j = bottom;
          break;
        case 3: /* clockwise */
          i = y, j = right;
          break;
        case 4: /* horizontal-flip */
          i = right, j = y;
          break;
        case 5: /* upper-right-diagonal */
          i = bottom, j = right;
          break;
        case 6: /* vertical-flip */
          i = x, j = bottom;
          break;
        case 7: /* upper-left-diagonal */
          i = y, j = x;
          break;
        default:
          i = x, j = y;
      }
      out[x] = ((const guint32 *) LINE (from, 0, j))[i];
    }
  }
}
