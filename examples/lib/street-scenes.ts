import { Generator } from '@lanewise/core'
import { rasterSurface, type Color, type Picture, type Surface } from '@lanewise/vision'

/** A generated street scene with what stands in it. */
export interface Scene {
  readonly picture: Picture
  /** xyxy in pixels, [N, 4] */
  readonly boxes: number[]
  /** Names from {@link kinds}. */
  readonly names: string[]
}

/** Everything that can stand in a street. */
export const kinds = ['car', 'truck', 'pedestrian', 'sign', 'bus', 'traffic light', 'cone'] as const
export type Kind = (typeof kinds)[number]

export const sceneSize = { width: 128, height: 96 }

const horizon = 30

/** Draws a kind into the box from (x, y), w wide and h high; the colours vary. */
type Paint = (surface: Surface, box: readonly [x: number, y: number, w: number, h: number], random: Random) => void

/** Uniform draws. */
class Random {
  private readonly generator: Generator

  constructor(seed: number) {
    this.generator = new Generator(seed)
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.generator.double()
  }

  pick<T>(list: readonly T[]): T {
    const chosen = list[this.generator.randint(list.length)]
    if (chosen === undefined) throw new RangeError('pick: the list is empty.')
    return chosen
  }

  chance(share: number): boolean {
    return this.generator.double() < share
  }
}

const fill = (surface: Surface, [x, y, w, h]: readonly number[], color: Color): void => {
  const [left = 0, top = 0, width = 0, height = 0] = [x, y, w, h]
  surface.polygon([left, top, left + width, top, left + width, top + height, left, top + height], color)
}

const black: Color = [22, 22, 26]
const glass: Color = [60, 80, 100]
const paints: readonly Color[] = [
  [190, 40, 40],
  [40, 80, 180],
  [225, 225, 225],
  [50, 120, 70],
  [205, 170, 50],
  [70, 70, 80],
]

const wheels = (surface: Surface, [x, y, w, h]: readonly [number, number, number, number], radius: number): void => {
  for (const share of [0.2, 0.8]) surface.disc(x + share * w, y + h - radius, radius, black)
}

const painters: Record<Kind, Paint> = {
  car: (s, box, random) => {
    const [x, y, w, h] = box
    const color = random.pick(paints)
    fill(s, [x, y + 0.42 * h, w, 0.42 * h], color)
    s.polygon([x + 0.18 * w, y + 0.45 * h, x + 0.3 * w, y, x + 0.72 * w, y, x + 0.86 * w, y + 0.45 * h], color)
    s.polygon(
      [x + 0.25 * w, y + 0.42 * h, x + 0.33 * w, y + 0.1 * h, x + 0.68 * w, y + 0.1 * h, x + 0.78 * w, y + 0.42 * h],
      glass,
    )
    wheels(s, box, 0.2 * h)
  },
  truck: (s, box, random) => {
    const [x, y, w, h] = box
    const cab = random.pick(paints)
    const load: Color = random.chance(0.5) ? [200, 195, 185] : [150, 120, 90]
    const right = random.chance(0.5)
    fill(s, [right ? x : x + 0.28 * w, y, 0.72 * w, 0.82 * h], load)
    fill(s, [right ? x + 0.74 * w : x, y + 0.25 * h, 0.26 * w, 0.57 * h], cab)
    fill(s, [right ? x + 0.82 * w : x + 0.04 * w, y + 0.32 * h, 0.14 * w, 0.22 * h], glass)
    wheels(s, box, 0.16 * h)
  },
  pedestrian: (s, [x, y, w, h], random) => {
    const skin: Color = random.pick([
      [224, 180, 150],
      [150, 105, 80],
      [95, 65, 50],
    ])
    s.disc(x + w / 2, y + 0.11 * h, 0.11 * h, skin)
    fill(s, [x, y + 0.23 * h, w, 0.36 * h], random.pick(paints))
    for (const share of [0.08, 0.56]) fill(s, [x + share * w, y + 0.58 * h, 0.36 * w, 0.42 * h], [45, 50, 70])
  },
  sign: (s, [x, y, w, h], random) => {
    fill(s, [x + 0.42 * w, y + 0.3 * h, 0.16 * w, 0.7 * h], [150, 150, 155])
    const radius = w / 2
    const color: Color = random.pick([
      [200, 25, 35],
      [30, 70, 190],
    ])
    s.disc(x + radius, y + radius, radius, color)
    s.disc(x + radius, y + radius, 0.6 * radius, [240, 240, 240])
  },
  bus: (s, box, random) => {
    const [x, y, w, h] = box
    fill(
      s,
      [x, y, w, 0.86 * h],
      random.pick([
        [230, 185, 30],
        [210, 70, 40],
        [60, 140, 190],
      ] as const),
    )
    for (let k = 0; k < 5; k++) fill(s, [x + (0.05 + 0.19 * k) * w, y + 0.12 * h, 0.14 * w, 0.3 * h], glass)
    wheels(s, box, 0.15 * h)
  },
  'traffic light': (s, [x, y, w, h], random) => {
    fill(s, [x + 0.38 * w, y + 0.5 * h, 0.24 * w, 0.5 * h], [120, 120, 125])
    fill(s, [x, y, w, 0.55 * h], [35, 38, 40])
    const lit = random.pick([0, 1, 2])
    const lamps: readonly Color[] = [
      [240, 50, 40],
      [240, 190, 40],
      [60, 220, 90],
    ]
    lamps.forEach(([red, green, blue], k) => {
      const share = k === lit ? 1 : 0.3
      s.disc(x + w / 2, y + (0.1 + 0.175 * k) * h, 0.28 * w, [share * red, share * green, share * blue])
    })
  },
  cone: (s, [x, y, w, h]) => {
    s.polygon([x + 0.4 * w, y, x + 0.6 * w, y, x + 0.9 * w, y + 0.9 * h, x + 0.1 * w, y + 0.9 * h], [240, 110, 30])
    s.polygon(
      [x + 0.31 * w, y + 0.35 * h, x + 0.69 * w, y + 0.35 * h, x + 0.77 * w, y + 0.6 * h, x + 0.23 * w, y + 0.6 * h],
      [240, 240, 240],
    )
    fill(s, [x, y + 0.88 * h, w, 0.12 * h], [240, 110, 30])
  },
}

/** Width and height at the lower edge of the picture. */
const sizes: Record<Kind, readonly [width: number, height: number]> = {
  car: [52, 30],
  truck: [66, 46],
  pedestrian: [15, 42],
  sign: [16, 46],
  bus: [78, 44],
  'traffic light': [14, 50],
  cone: [20, 26],
}

const background = (surface: Surface, random: Random): void => {
  const { width, height } = surface
  const light = random.between(0.75, 1.1)
  const shade = (r: number, g: number, b: number): Color => [r * light, g * light, b * light]
  fill(surface, [0, 0, width, horizon + 8], shade(150, 180, 215))
  for (let x = -random.between(0, 10); x < width;) {
    const [w, h] = [random.between(10, 26), random.between(8, 24)]
    const tone = random.between(90, 170)
    fill(surface, [x, horizon + 8 - h, w, h], shade(tone, tone * 0.93, tone * 0.86))
    for (let k = 1; k < w / 5 - 1; k++) fill(surface, [x + 5 * k, horizon + 11 - h, 2, 3], shade(70, 80, 95))
    x += w + random.between(0, 5)
  }
  fill(surface, [0, horizon + 8, width, 12], shade(110, 130, 95))
  fill(surface, [0, horizon + 18, width, height], shade(88, 88, 92))
  for (let x = random.between(-12, 0); x < width; x += 22)
    fill(surface, [x, height - 22, 12, 1.6], shade(215, 215, 205))
}

/** Feet at y: everything is smaller the nearer it stands to the horizon. */
const boxAt = (kind: Kind, y: number, random: Random): [number, number, number, number] => {
  const scale = (0.45 + (0.55 * (y - horizon)) / (sceneSize.height - horizon)) * random.between(0.9, 1.1)
  const [w, h] = [sizes[kind][0] * scale * random.between(0.92, 1.08), sizes[kind][1] * scale]
  return [random.between(1, sceneSize.width - w - 1), y - h, w, h]
}

/** Whether a box would cover more than a third of one that is there. */
const hides = ([x1 = 0, y1 = 0, x2 = 0, y2 = 0]: readonly number[], boxes: readonly number[]): boolean => {
  for (let i = 0; i < boxes.length; i += 4) {
    const [a1 = 0, b1 = 0, a2 = 0, b2 = 0] = boxes.slice(i, i + 4)
    const w = Math.min(x2, a2) - Math.max(x1, a1)
    const h = Math.min(y2, b2) - Math.max(y1, b1)
    if (w > 0 && h > 0 && 3 * w * h > (a2 - a1) * (b2 - b1)) return true
  }
  return false
}

const shake = ({ data }: Picture, random: Random): void => {
  for (let i = 0; i < data.length; i++) {
    data[i] = Math.min(255, Math.max(0, (data[i] ?? 0) + random.between(-9, 9)))
  }
}

/**
 * A street with one to five things in it: nearer ones stand lower, are larger, and may cover others in part.
 * The same seed and kinds give the same scene.
 */
export const streetSceneOf = (seed: number, of: readonly Kind[]): Scene => {
  const random = new Random(seed)
  const picture = { data: new Uint8Array(3 * sceneSize.width * sceneSize.height), ...sceneSize }
  const surface = rasterSurface(picture)
  background(surface, random)
  const feet = Array.from({ length: 1 + Math.floor(random.between(0, 5)) }, () =>
    random.between(horizon + 22, sceneSize.height - 2),
  )
  const boxes: number[] = []
  const names: string[] = []
  for (const y of feet.sort((a, b) => a - b)) {
    const kind = random.pick(of)
    const [x, top, w, h] = boxAt(kind, y, random)
    const box = [x, top, x + w, y]
    if (hides(box, boxes)) continue
    painters[kind](surface, [x, top, w, h], random)
    boxes.push(...box)
    names.push(kind)
  }
  shake(picture, random)
  return { picture, boxes, names }
}
