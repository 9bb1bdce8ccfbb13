/* A camera's pictures in the form that a USB camera sends them: raw, or each a JPEG. */

#pragma once

#include <gst/gst.h>

typedef struct UsbPictures UsbPictures;

/* For fixed caps of video/x-raw or image/jpeg. NULL: nothing here makes JPEG. */
UsbPictures *usb_pictures_new (GstCaps * caps);
void usb_pictures_free (UsbPictures * self);

/* Picture "number" of a sensor; see camera_picture.h. */
GstBuffer *usb_pictures_take (UsbPictures * self, gint sensor, guint64 number);
