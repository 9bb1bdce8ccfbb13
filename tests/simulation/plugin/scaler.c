#include "scaler.h"

#include "picture.h"

struct _Scaler
{
  /* From in to out; when turned, from in to what is turned, and from there to out. */
  GstVideoConverter *first, *second;
  gint flip;
  GstBuffer *straight, *turned;
  GstVideoInfo straight_info, turned_info;
};

static GstStructure *
options (gint interpolation, const GstVideoRectangle * crop)
{
  static const GstVideoResamplerMethod methods[] = {
    GST_VIDEO_RESAMPLER_METHOD_NEAREST, GST_VIDEO_RESAMPLER_METHOD_LINEAR, GST_VIDEO_RESAMPLER_METHOD_CUBIC,
    GST_VIDEO_RESAMPLER_METHOD_LANCZOS, GST_VIDEO_RESAMPLER_METHOD_CUBIC, GST_VIDEO_RESAMPLER_METHOD_LANCZOS,
  };
  /* As the methods' names have it; 0: as many as it takes. */
  static const guint taps[] = { 1, 2, 5, 10, 0, 0 };
  GstStructure *structure = gst_structure_new ("options", GST_VIDEO_CONVERTER_OPT_RESAMPLER_METHOD,
      GST_TYPE_VIDEO_RESAMPLER_METHOD, methods[interpolation], GST_VIDEO_CONVERTER_OPT_RESAMPLER_TAPS, G_TYPE_UINT,
      taps[interpolation], GST_VIDEO_CONVERTER_OPT_DITHER_METHOD,
      GST_TYPE_VIDEO_DITHER_METHOD, GST_VIDEO_DITHER_NONE, NULL);

  if (crop != NULL)
    gst_structure_set (structure, GST_VIDEO_CONVERTER_OPT_SRC_X, G_TYPE_INT, crop->x, GST_VIDEO_CONVERTER_OPT_SRC_Y,
        G_TYPE_INT, crop->y, GST_VIDEO_CONVERTER_OPT_SRC_WIDTH, G_TYPE_INT, crop->w,
        GST_VIDEO_CONVERTER_OPT_SRC_HEIGHT, G_TYPE_INT, crop->h, NULL);
  return structure;
}

Scaler *
scaler_new (const GstVideoInfo * in_info, const GstVideoInfo * out_info, gint flip, gint interpolation,
    const GstVideoRectangle * crop)
{
  GstVideoInfo in = *in_info, out = *out_info;
  Scaler *self = g_new0 (Scaler, 1);

  if (!GST_VIDEO_INFO_IS_RGB (&in) && !GST_VIDEO_INFO_IS_RGB (&out)) {
    /* The VIC moves samples; it knows nothing of what colours they stand for. */
    out.colorimetry = in.colorimetry;
    out.chroma_site = in.chroma_site;
  }
  self->flip = flip;
  if (flip == 0) {
    self->first = gst_video_converter_new (&in, &out, options (interpolation, crop));
  } else {
    gint width = GST_VIDEO_INFO_WIDTH (&out), height = GST_VIDEO_INFO_HEIGHT (&out);
    gboolean sideways = picture_turns_sideways (flip);
    gst_video_info_set_format (&self->turned_info, GST_VIDEO_FORMAT_AYUV, width, height);
    gst_video_info_set_format (&self->straight_info, GST_VIDEO_FORMAT_AYUV, sideways ? height : width,
        sideways ? width : height);
    self->turned_info.fps_n = self->straight_info.fps_n = in.fps_n;
    self->turned_info.fps_d = self->straight_info.fps_d = in.fps_d;
    self->turned_info.interlace_mode = self->straight_info.interlace_mode = in.interlace_mode;
    self->turned_info.colorimetry = GST_VIDEO_INFO_IS_RGB (&in) ? out.colorimetry : in.colorimetry;
    if (GST_VIDEO_INFO_IS_RGB (&in) && GST_VIDEO_INFO_IS_RGB (&out))
      gst_video_colorimetry_from_string (&self->turned_info.colorimetry, GST_VIDEO_COLORIMETRY_BT709);
    self->straight_info.colorimetry = self->turned_info.colorimetry;
    self->straight = gst_buffer_new_allocate (NULL, self->straight_info.size, NULL);
    self->turned = gst_buffer_new_allocate (NULL, self->turned_info.size, NULL);
    self->first = gst_video_converter_new (&in, &self->straight_info, options (interpolation, crop));
    self->second = gst_video_converter_new (&self->turned_info, &out, NULL);
  }
  if (self->first != NULL && (flip == 0 || self->second != NULL))
    return self;
  scaler_free (self);
  return NULL;
}

void
scaler_frame (Scaler * self, GstVideoFrame * from, GstVideoFrame * to)
{
  GstVideoFrame straight, turned;

  if (self->flip == 0) {
    gst_video_converter_frame (self->first, from, to);
    return;
  }
  gst_video_frame_map (&straight, &self->straight_info, self->straight, GST_MAP_READWRITE);
  gst_video_frame_map (&turned, &self->turned_info, self->turned, GST_MAP_READWRITE);
  gst_video_converter_frame (self->first, from, &straight);
  picture_turn (&straight, &turned, self->flip);
  gst_video_converter_frame (self->second, &turned, to);
  gst_video_frame_unmap (&straight);
  gst_video_frame_unmap (&turned);
}

void
scaler_free (Scaler * self)
{
  g_clear_pointer (&self->first, gst_video_converter_free);
  g_clear_pointer (&self->second, gst_video_converter_free);
  gst_clear_buffer (&self->straight);
  gst_clear_buffer (&self->turned);
  g_free (self);
}
