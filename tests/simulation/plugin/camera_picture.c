#include "camera_picture.h"

/* A sample of 8 bits where a plane's format wants it. */
static void
put (GstVideoFrame * frame, guint8 * line, gint x, guint8 value)
{
  if (GST_VIDEO_FRAME_FORMAT (frame) == GST_VIDEO_FORMAT_NV12)
    line[x] = value;
  else
    ((guint16 *) line)[x] = value << 8;
}

static guint8 *
line_of (GstVideoFrame * frame, gint plane, gint y)
{
  return (guint8 *) GST_VIDEO_FRAME_PLANE_DATA (frame, plane) + (gsize) GST_VIDEO_FRAME_PLANE_STRIDE (frame, plane) * y;
}

/* Luma rises from left to right, of odd sensors from right to left, and a bright square crosses the middle; blue rises
 * from top to bottom, red falls: every side of the picture is told from the others. */
void
camera_paint (GstVideoFrame * frame, gint sensor, guint64 number)
{
  gint width = GST_VIDEO_FRAME_WIDTH (frame), height = GST_VIDEO_FRAME_HEIGHT (frame);
  gint side = height / 5, left = (gint) ((guint64) width * (number % CAMERA_ROUND) / CAMERA_ROUND);
  gint top = (height - side) / 2, half = (height + 1) / 2;
  guint8 *first = line_of (frame, 0, 0);

  for (gint x = 0; x < width; x++)
    put (frame, first, x, 32 + 128 * (sensor % 2 == 0 ? x : width - 1 - x) / width);
  for (gint y = 1; y < height; y++)
    memcpy (line_of (frame, 0, y), first, GST_VIDEO_FRAME_PLANE_STRIDE (frame, 0));
  for (gint y = top; y < top + side; y++)
    for (gint x = left; x < left + side && x < width; x++)
      put (frame, line_of (frame, 0, y), x, 235);
  for (gint y = 0; y < half; y++)
    for (gint x = 0; x < (width + 1) / 2; x++) {
      put (frame, line_of (frame, 1, y), 2 * x, 64 + 128 * y / half);
      put (frame, line_of (frame, 1, y), 2 * x + 1, 192 - 128 * y / half);
    }
}
