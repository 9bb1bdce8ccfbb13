// Pictures of cameras -> one batch of a network's input tensor: resize, letterbox, colour, normalise.
//
// Bilinear with half-pixel centres and clamped edges, and a pixel rounded to 0..255 before it is normalised, as
// scale_numpy.py has it. Where a sample lies is computed in whole numbers, so that no GPU's float arithmetic moves it.
// ../layout.py packs the two structs. No header is included: NVRTC finds none.
//
// One thread writes ROWS pixels of one column; a warp's 32 columns lie beside each other, in the planes as in the tensor.

#ifndef ROWS
#define ROWS 4
#endif

typedef unsigned char byte;
typedef unsigned short two;
typedef unsigned int four;

enum Format { I420, NV12, GRAY8, PACKED3, PACKED4 };

// Chroma planes of I420 and NV12 have half the width and height, rounded up.
struct Picture {
    unsigned long long planes[3];
    int strides[3];
    int format;
    int width, height;
    int left, top, inner_width, inner_height;  // where in the tensor the picture lies
    float across, down;                        // 1 / (2 * inner_width), 1 / (2 * inner_height)
    float matrix[3][4];                        // a channel's row: weights of the three samples, and what is added
};

struct Target {
    int width, height, channels, planar;
    float gain[3], bias[3];  // value = pixel * gain + bias
    float pad;               // the pixel around the picture
};

// For one position in the tensor: its two neighbours in the plane, and the second one's weight.
struct Axis { int low, high; float weight; };

struct Samples { float first, second, third; };

// ``inverse`` is 1 / (2 * target).
__device__ inline Axis axis(int at, int target, int source, float inverse) {
    // (at + 1/2) * source / target - 1/2, times 2 * target
    int above = (2 * at + 1) * source - target;
    above = above > 0 ? above : 0;
    const int below = 2 * target;
    Axis found;
    // The quotient is at most one off, and then the remainder tells.
    found.low = (int)((float)above * inverse);
    int rest = above - found.low * below;
    if (rest < 0) { found.low--; rest += below; }
    if (rest >= below) { found.low++; rest -= below; }
    found.high = found.low + 1 < source ? found.low + 1 : found.low;
    found.weight = (float)rest * inverse;
    return found;
}

__device__ inline float mix(float a, float b, float weight) { return a + (b - a) * weight; }

// Byte number ``place`` of each.
template <int place> __device__ inline float mix(four a, four b, four c, four d, Axis x, Axis y) {
    const int shift = 8 * place;
    const float top = mix((float)(byte)(a >> shift), (float)(byte)(b >> shift), x.weight);
    const float bottom = mix((float)(byte)(c >> shift), (float)(byte)(d >> shift), x.weight);
    return mix(top, bottom, y.weight);
}

template <typename T> __device__ inline const T* row(const Picture& picture, int plane, int at) {
    return (const T*)(picture.planes[plane] + (unsigned long long)at * picture.strides[plane]);
}

// The four neighbours in a plane, each ``sizeof(T)`` bytes. __ldg: nobody writes there meanwhile.
template <typename T> struct Corners { T a, b, c, d; };

template <typename T> __device__ inline Corners<T> corners(const Picture& picture, int plane, Axis x, Axis y) {
    const T* top = row<T>(picture, plane, y.low);
    const T* bottom = row<T>(picture, plane, y.high);
    return {__ldg(top + x.low), __ldg(top + x.high), __ldg(bottom + x.low), __ldg(bottom + x.high)};
}

template <int place, typename T> __device__ inline float mixed(const Corners<T>& at, Axis x, Axis y) {
    return mix<place>(at.a, at.b, at.c, at.d, x, y);
}

__device__ inline float one(const Picture& picture, int plane, Axis x, Axis y) {
    return mixed<0>(corners<byte>(picture, plane, x, y), x, y);
}

template <int FORMAT> __device__ inline Samples look(const Picture& picture, Axis x, Axis y, Axis half_x, Axis half_y) {
    Samples found = {0.0f, 0.0f, 0.0f};
    if (FORMAT == I420 || FORMAT == NV12 || FORMAT == GRAY8) found.first = one(picture, 0, x, y);
    if (FORMAT == I420) {
        found.second = one(picture, 1, half_x, half_y);
        found.third = one(picture, 2, half_x, half_y);
    }
    if (FORMAT == NV12) {
        const Corners<two> at = corners<two>(picture, 1, half_x, half_y);
        found.second = mixed<0>(at, half_x, half_y);
        found.third = mixed<1>(at, half_x, half_y);
    }
    if (FORMAT == PACKED3) {
        const byte* top = row<byte>(picture, 0, y.low);
        const byte* bottom = row<byte>(picture, 0, y.high);
        const int i = 3 * x.low, j = 3 * x.high;
        found.first = mix<0>(__ldg(top + i), __ldg(top + j), __ldg(bottom + i), __ldg(bottom + j), x, y);
        found.second = mix<0>(__ldg(top + i + 1), __ldg(top + j + 1), __ldg(bottom + i + 1), __ldg(bottom + j + 1), x, y);
        found.third = mix<0>(__ldg(top + i + 2), __ldg(top + j + 2), __ldg(bottom + i + 2), __ldg(bottom + j + 2), x, y);
    }
    if (FORMAT == PACKED4) {
        const Corners<four> at = corners<four>(picture, 0, x, y);
        found.first = mixed<0>(at, x, y);
        found.second = mixed<1>(at, x, y);
        found.third = mixed<2>(at, x, y);
    }
    return found;
}

// ROWS rows of the picture's column ``x``, from row ``first`` on. Those outside it get its nearest: a branch less, and
// all loads wait for memory together.
template <int FORMAT> __device__ inline void gather(const Picture& picture, int x, int first, Samples (&found)[ROWS]) {
    const bool halved = FORMAT == I420 || FORMAT == NV12;
    const Axis across = axis(x, picture.inner_width, picture.width, picture.across);
    const Axis half_across = halved ? axis(x, picture.inner_width, (picture.width + 1) / 2, picture.across) : across;
#pragma unroll
    for (int i = 0; i < ROWS; i++) {
        const int last = picture.inner_height - 1;
        const int y = first + i < 0 ? 0 : first + i > last ? last : first + i;
        const Axis down = axis(y, picture.inner_height, picture.height, picture.down);
        const Axis half_down = halved ? axis(y, picture.inner_height, (picture.height + 1) / 2, picture.down) : down;
        found[i] = look<FORMAT>(picture, across, down, half_across, half_down);
    }
}

__device__ inline float pixel(const float (&weights)[4], const Samples& samples) {
    float value = weights[3] + weights[0] * samples.first + weights[1] * samples.second + weights[2] * samples.third;
    value = floorf(value + 0.5f);
    return value < 0.0f ? 0.0f : value > 255.0f ? 255.0f : value;
}

struct Half { unsigned short bits; };

__device__ inline void store(float* to, float value) { *to = value; }
__device__ inline void store(byte* to, float value) { *to = (byte)value; }
__device__ inline void store(Half* to, float value) {
#ifdef __CUDA_ARCH__
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(to->bits) : "f"(value));
#else
    to->bits = half_bits(value);  // a test's, which runs this text on the processor
#endif
}

template <typename T> __device__ inline void prepare(
    const Picture* __restrict__ pictures, T* __restrict__ tensor, const Target& target
) {
    const int column = blockIdx.x * blockDim.x + threadIdx.x;
    const int first = (blockIdx.y * blockDim.y + threadIdx.y) * ROWS;
    if (column >= target.width || first >= target.height) return;
    const Picture& picture = pictures[blockIdx.z];
    const int x = column - picture.left, y = first - picture.top;
    const bool crossed = x >= 0 && x < picture.inner_width && y + ROWS > 0 && y < picture.inner_height;
    Samples samples[ROWS] = {};
    if (crossed) switch (picture.format) {
        case I420: gather<I420>(picture, x, y, samples); break;
        case NV12: gather<NV12>(picture, x, y, samples); break;
        case GRAY8: gather<GRAY8>(picture, x, y, samples); break;
        case PACKED3: gather<PACKED3>(picture, x, y, samples); break;
        default: gather<PACKED4>(picture, x, y, samples); break;
    }
    // Once, before the first store: behind it the compiler would have to read them again.
    float matrix[3][4];
#pragma unroll
    for (int i = 0; i < 12; i++) matrix[i / 4][i % 4] = picture.matrix[i / 4][i % 4];
    const int last = picture.inner_height;
    const long long area = (long long)target.width * target.height;
    const long long step = target.planar ? area : 1, stride = target.planar ? 1 : target.channels;
    T* to = tensor + blockIdx.z * area * target.channels + ((long long)first * target.width + column) * stride;
#pragma unroll
    for (int i = 0; i < ROWS; i++) {
        if (first + i < target.height) {
            const bool inside = crossed && y + i >= 0 && y + i < last;
#pragma unroll
            for (int channel = 0; channel < 3; channel++)
                if (channel < target.channels) {
                    const float value = inside ? pixel(matrix[channel], samples[i]) : target.pad;
                    store(to + channel * step, value * target.gain[channel] + target.bias[channel]);
                }
        }
        to += target.width * stride;
    }
}

extern "C" __global__ void picture_float32(const Picture* __restrict__ pictures, float* __restrict__ tensor, Target target) {
    prepare(pictures, tensor, target);
}

extern "C" __global__ void picture_float16(const Picture* __restrict__ pictures, Half* __restrict__ tensor, Target target) {
    prepare(pictures, tensor, target);
}

extern "C" __global__ void picture_uint8(const Picture* __restrict__ pictures, byte* __restrict__ tensor, Target target) {
    prepare(pictures, tensor, target);
}
